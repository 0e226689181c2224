package cases

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"strings"

	"github.com/postern-mail/postern/notice"
)

// incidentOf gives the incident in a report; nil when it is none.
func incidentOf(content []byte) *notice.Incident {
	m, err := mail.ReadMessage(bytes.NewReader(content))
	if err != nil {
		return nil
	}
	mediaType, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || mediaType != "multipart/mixed" {
		return nil
	}
	parts := multipart.NewReader(m.Body, params["boundary"])
	for {
		p, err := parts.NextPart()
		if err != nil {
			return nil
		}
		if p.FileName() != "incident.json" {
			continue
		}
		data, err := io.ReadAll(base64.NewDecoder(base64.StdEncoding, p))
		var in notice.Incident
		if err != nil || json.Unmarshal(data, &in) != nil {
			return nil
		}
		return &in
	}
}

// reportLine says what an incident report is about and what it holds; false when it
// is none.
func reportLine(content []byte) (string, bool) {
	in := incidentOf(content)
	if in == nil {
		return "", false
	}
	line := "incidentReport "
	if in.Simulated {
		line += "simulated "
	}
	line += in.Severity
	for i, r := range in.Rules {
		if i > 0 {
			line += ","
		}
		line += " " + r.Policy + " / " + r.Rule
	}
	switch in.Contents {
	case notice.ContentAll:
		return line + ": all", true
	case notice.ContentDefault:
		return line + ": default", true
	}
	return line + ": " + strings.Join(in.Contents.Words(), " "), true
}
