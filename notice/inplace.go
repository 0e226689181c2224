package notice

import (
	"strings"

	"github.com/postern-mail/postern/message/edit"
)

// Words gives the administrator's text of a notification as plain text, with its
// tokens filled in, for a reply or a report that takes the place of the mail. It is
// empty where the notification has no text of its own.
func (w *Writer) Words(n Notification) string {
	if n.Text == "" {
		return ""
	}
	t := w.texts.pick(n.Preferred, w.s.Language)
	safe, _ := safeHTML(n.Text, w.notificationValues(t, &n))
	return strings.TrimSpace(edit.Text(safe))
}
