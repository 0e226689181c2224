package audit

import (
	"encoding"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// texts gives the places of a record's texts, and of what is content as a whole.
func texts(t reflect.Type, place string) []string {
	if place != "" {
		if t == reflect.TypeFor[MaskedJSON]() || t.Implements(reflect.TypeFor[encoding.TextMarshaler]()) {
			return []string{place}
		}
	}
	switch t.Kind() {
	case reflect.String:
		return []string{place}
	case reflect.Pointer, reflect.Slice:
		return texts(t.Elem(), place)
	case reflect.Struct:
		var all []string
		for i := range t.NumField() {
			name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
			if place != "" {
				name = place + "." + name
			}
			all = append(all, texts(t.Field(i).Type, name)...)
		}
		return all
	}
	return nil
}

// contents are the places that hold something of a message, or where it came from.
// A new field of a record belongs here or among those of privacy.go.
var contents = []string{
	"ClientIP", "Error", "ExceptionInfo.Justification", "ExchangeMetaData.AttachmentNames", "ExchangeMetaData.MessageID", "ExchangeMetaData.Subject", "Notice.Subject",
	"PolicyDetails.Rules.ConditionsMatched.DocumentProperties.Value",
	"PolicyDetails.Rules.ConditionsMatched.OtherConditions.Value",
	"PolicyDetails.Rules.ConditionsMatched.SensitiveInformation.Location",
	"PolicyDetails.Rules.ConditionsMatched.SensitiveInformation.SensitiveInformationDetections.DetectedValues.Context",
	"PolicyDetails.Rules.ConditionsMatched.SensitiveInformation.SensitiveInformationDetections.DetectedValues.Value",
	"Signals.Detail", "Signals.Part",
}

// Of every text in a record it is decided what it tells of people.
func TestPrivacyOfEveryText(t *testing.T) {
	all := texts(reflect.TypeFor[Record](), "")
	for _, place := range all {
		_, known := privacies[place]
		if content := slices.Contains(contents, place); known == content {
			t.Errorf("%s: it must be among the contents here or among those of privacy.go", place)
		} else if content && PrivacyOf(place) != Content {
			t.Errorf("%s is %d", place, PrivacyOf(place))
		}
	}
	for place := range privacies {
		if !slices.Contains(all, place) {
			t.Errorf("%s: records have no such text", place)
		}
	}
	if PrivacyOf("Something.New") != Content {
		t.Error("what is not known is not taken for content")
	}
}
