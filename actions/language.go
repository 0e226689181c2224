package actions

import (
	"context"

	"golang.org/x/text/language"

	"github.com/postern-mail/postern/rules"
)

// languageOf gives the languages that the sender prefers, the best first.
func (e *Engine) languageOf(context.Context, *rules.Scan) []language.Tag { return nil }

// translate gives a fork its policy tip in the sender's language.
func (f *Fork) translate(preferred []language.Tag) {
	if f.tipOf != nil {
		f.PolicyTip = f.tipOf.tipIn(preferred)
	}
}
