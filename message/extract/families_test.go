package extract

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFamilies(t *testing.T) {
	for _, c := range []struct {
		document Document
		want     string
	}{
		{Document{MediaType: "application/vnd.openxmlformats-officedocument.wordprocessingml.document"}, "wordProcessing"},
		{Document{MediaType: "application/vnd.ms-word.document.macroEnabled.12", Executable: "VBA macros"}, "wordProcessing"},
		{Document{MediaType: "application/msword"}, "wordProcessing"},
		{Document{MediaType: "text/rtf"}, "wordProcessing"},
		{Document{MediaType: "application/vnd.oasis.opendocument.text"}, "wordProcessing"},
		{Document{MediaType: "application/vnd.ms-excel.sheet.binary.macroEnabled.12"}, "spreadsheet"},
		{Document{MediaType: "text/csv"}, "spreadsheet text"},
		{Document{MediaType: "application/vnd.ms-powerpoint"}, "presentation"},
		{Document{MediaType: "application/pdf"}, "pdf"},
		{Document{MediaType: "application/pdf", Status: Protected}, "encrypted pdf"},
		{Document{MediaType: "application/pdf", Status: Complete, Encryption: "AES"}, "encrypted pdf"},
		{Document{MediaType: "application/zip"}, "archive"},
		{Document{MediaType: "application/java-archive", Executable: "a Java program"}, "archive executable"},
		{Document{MediaType: "application/vnd.microsoft.portable-executable", Executable: "a Windows program"}, "executable"},
		{Document{MediaType: "application/octet-stream", Executable: "an MS-DOS program"}, "executable"},
		{Document{MediaType: "text/plain", Executable: "a PowerShell script"}, "script text"},
		{Document{MediaType: "text/html", Executable: "an HTML application"}, "script webPage"},
		{Document{MediaType: "text/plain; charset=utf-8"}, "text"},
		{Document{MediaType: "text/x-python"}, "text"},
		{Document{MediaType: "application/json"}, "text"},
		{Document{MediaType: "application/vnd.cyclonedx+xml"}, "text"},
		{Document{MediaType: "image/jpeg"}, "image"},
		{Document{MediaType: "image/svg+xml", Executable: "a drawing with a script"}, "image script text"},
		{Document{MediaType: "image/vnd.dwg"}, "cad"},
		{Document{MediaType: "audio/mpeg"}, "audio"},
		{Document{MediaType: "video/mp4"}, "video"},
		{Document{MediaType: "message/rfc822"}, "email"},
		{Document{MediaType: "application/vnd.ms-outlook"}, "email"},
		{Document{MediaType: "text/calendar"}, "calendar"},
		{Document{MediaType: "text/vcard"}, "contact"},
		{Document{MediaType: "application/vnd.sqlite3"}, "database"},
		{Document{MediaType: "application/x-pem-file"}, "certificate"},
		{Document{MediaType: "application/x-pkcs12", Status: Protected}, "certificate encrypted"},
		{Document{MediaType: "application/pgp-keys"}, "certificate"},
		{Document{MediaType: "application/pgp-encrypted"}, "encrypted"},
		{Document{MediaType: "font/ttf"}, "font"},
		{Document{MediaType: "application/octet-stream"}, ""},
		{Document{}, ""},
	} {
		t.Run(c.document.MediaType+" "+c.document.Executable, func(t *testing.T) {
			got := c.document.Families()
			if diff := cmp.Diff(c.want, strings.Join(got, " ")); diff != "" {
				t.Error(diff)
			}
			for _, f := range got {
				if !slices.Contains(FamilyNames(), f) {
					t.Errorf("%q is no family", f)
				}
			}
		})
	}
	if !slices.IsSorted(FamilyNames()) {
		t.Error("the names are not sorted")
	}
}

// Every format that is read belongs to a family.
func TestEveryFormatHasFamilies(t *testing.T) {
	for _, f := range Formats() {
		for _, mediaType := range f.MediaTypes {
			if d := (Document{MediaType: mediaType}); len(d.Families()) == 0 {
				t.Errorf("%s: none for %s", f.Name, mediaType)
			}
		}
	}
}
