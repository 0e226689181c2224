package notice

import "testing"

func BenchmarkNotification(b *testing.B) {
	w := sampleWriter(b, "de")
	n := sampleNotification(b, "de")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := w.Notification(n); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkNotificationWithOwnText(b *testing.B) {
	w := sampleWriter(b, "en")
	n := sampleNotification(b, "en")
	n.Text = "<p>Your message goes against <b>%%PolicyName%%</b>: %%MatchedConditionsAndValues%%</p>"
	b.ReportAllocs()
	for b.Loop() {
		if _, err := w.Notification(n); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkBlockNDR(b *testing.B) {
	w := sampleWriter(b, "en")
	block := Block{Original: sampleOriginal(b, "en"), Recipients: recipients(b, "bob@partner.example"), Tip: "Cards."}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := w.BlockNDR(block); err != nil {
			b.Fatal(err)
		}
	}
}
