package audit

// Privacy says what a text of a record tells of people. The values are those of
// quarantine.Privacy.
type Privacy int

// The kinds of texts.
const (
	// Open tells nothing of a person.
	Open Privacy = iota
	// Person is an address or a login.
	Person
	// Sender is the address of the person whose message it is.
	Sender
	// Content tells what is in the sender's message, or where it came from.
	Content
	// Whole is an object that is Content as a whole.
	Whole
)

// PrivacyOf gives what the text at a place of a record's JSON tells of people. A
// place is the names of the members that lead to it with points between, as
// Forks.Recipients; lists add nothing. What is not known here is Content, so that a
// field is rather erased too much than kept.
func PrivacyOf(place string) Privacy {
	if kind, known := privacies[place]; known {
		return kind
	}
	return Content
}

// privacies lists what is not Content. Times, names of policies and words that Postern
// chooses tell nothing of people: reports are made of them.
var privacies = map[string]Privacy{
	"Alert.AlertId":               Open,
	"Alert.AlertType":             Open,
	"Alert.Category":              Open,
	"Alert.Name":                  Open,
	"Alert.PolicyId":              Open,
	"Alert.PolicyName":            Open,
	"Alert.PreviousStatus":        Open,
	"Alert.RuleId":                Open,
	"Alert.Severity":              Open,
	"Alert.Status":                Open,
	"Alert.Assignee":              Person,
	"Alert.Comments":              Person, // the words of who looked into it
	"AdministrativeUnit":          Open,
	"CreationTime":                Open,
	"Erasure.Person":              Open,
	"ExceptionInfo.Reason":        Open,
	"ExceptionInfo.Rules":         Open,
	"ExchangeMetaData.BCC":        Person,
	"ExchangeMetaData.CC":         Person,
	"ExchangeMetaData.From":       Sender,
	"ExchangeMetaData.Sent":       Open,
	"ExchangeMetaData.To":         Person,
	"Explain":                     Whole,
	"Forks.FinalRecipients":       Person,
	"Forks.Item":                  Open,
	"Forks.Policy":                Open,
	"Forks.Recipients":            Person,
	"Forks.Rule":                  Open,
	"Forks.Simulated":             Open,
	"Forks.Verdict":               Open,
	"Id":                          Open,
	"IncidentId":                  Open,
	"Item.Comment":                Person, // the words of who decided
	"Item.Digest":                 Open,
	"Item.Expires":                Open,
	"Item.Id":                     Open,
	"Item.Kind":                   Open,
	"Item.Recipients":             Person,
	"Item.Redirect":               Person,
	"Item.State":                  Open,
	"Item.Via":                    Open,
	"Notice.As":                   Open,
	"Notice.Effect":               Open,
	"Notice.Kind":                 Open,
	"Notice.Policy":               Open,
	"Notice.Rule":                 Open,
	"Notices.Kind":                Open,
	"Notices.To":                  Person,
	"Notice.MessageID":            Open,
	"Notice.Reason":               Open,
	"Notice.Recipients":           Person,
	"Notice.To":                   Person,
	"Operation":                   Open,
	"Policies.Changes":            Open,
	"Policies.Files":              Open,
	"Policies.Previous":           Open,
	"Policies.Reason":             Open,
	"PolicyDetails.PolicyId":      Open,
	"PolicyDetails.PolicyName":    Open,
	"PolicyDetails.Rules.Actions": Open,
	"PolicyDetails.Rules.ConditionsMatched.DocumentProperties.Name":                           Open,
	"PolicyDetails.Rules.ConditionsMatched.OtherConditions.Name":                              Open,
	"PolicyDetails.Rules.ConditionsMatched.SensitiveInformation.SensitiveInformationTypeName": Open,
	"PolicyDetails.Rules.ConditionsMatched.SensitiveInformation.SensitiveType":                Open,
	"PolicyDetails.Rules.OverriddenActions":                                                   Open,
	"PolicyDetails.Rules.RuleId":                                                              Open,
	"PolicyDetails.Rules.RuleMode":                                                            Open,
	"PolicyDetails.Rules.RuleName":                                                            Open,
	"PolicyDetails.Rules.Severity":                                                            Open,
	"PolicyDetails.Rules.State":                                                               Open,
	"PolicyVersion":                                                                           Open,
	"QueueId":                                                                                 Open,
	"Reference":                                                                               Open,
	"Relay.Entry":                                                                             Open,
	"Relay.Kind":                                                                              Open,
	"Relay.Recipients.Recipient":                                                              Person,
	"Relay.Recipients.Reply":                                                                  Person,
	"Relay.Recipients.State":                                                                  Open,
	"Relay.RemoteQueueId":                                                                     Open,
	"Retry.FirstQueueId":                                                                      Open,
	"Retry.FirstReference":                                                                    Open,
	"Retry.Outcome":                                                                           Open,
	"Signals.Signal":                                                                          Open,
	"UserKey":                                                                                 Person,
	"Workload":                                                                                Open,
}
