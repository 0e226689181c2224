package extract

import (
	"slices"
	"strings"
)

// The families of file types.
const (
	FamilyArchive        = "archive"
	FamilyAudio          = "audio"
	FamilyCAD            = "cad"
	FamilyCalendar       = "calendar"
	FamilyCertificate    = "certificate" // and keys
	FamilyContact        = "contact"
	FamilyDatabase       = "database"
	FamilyEmail          = "email"
	FamilyEncrypted      = "encrypted"
	FamilyExecutable     = "executable"
	FamilyFont           = "font"
	FamilyImage          = "image"
	FamilyPDF            = "pdf"
	FamilyPresentation   = "presentation"
	FamilyScript         = "script"
	FamilySpreadsheet    = "spreadsheet"
	FamilyText           = "text"
	FamilyVideo          = "video"
	FamilyWebPage        = "webPage"
	FamilyWordProcessing = "wordProcessing"
)

// familyNames are the names of the families, sorted.
var familyNames = []string{FamilyArchive, FamilyAudio, FamilyCAD, FamilyCalendar, FamilyCertificate, FamilyContact, FamilyDatabase,
	FamilyEmail, FamilyEncrypted, FamilyExecutable, FamilyFont, FamilyImage, FamilyPDF, FamilyPresentation, FamilyScript,
	FamilySpreadsheet, FamilyText, FamilyVideo, FamilyWebPage, FamilyWordProcessing}

// FamilyNames gives the names of the families of file types, sorted.
func FamilyNames() []string { return slices.Clone(familyNames) }

// familiesByPrefix are the families of media types that begin so. The first row
// that fits counts.
var familiesByPrefix = []struct {
	prefix   string
	families []string
}{
	{"image/vnd.dwg", []string{FamilyCAD}},
	{"image/vnd.dxf", []string{FamilyCAD}},
	{"image/svg", []string{FamilyImage, FamilyText}},
	{"image/", []string{FamilyImage}},
	{"audio/", []string{FamilyAudio}},
	{"video/", []string{FamilyVideo}},
	{"font/", []string{FamilyFont}},
	{"model/", []string{FamilyCAD}},
	{"message/", []string{FamilyEmail}},
	{"application/vnd.openxmlformats-officedocument.wordprocessingml", []string{FamilyWordProcessing}},
	{"application/vnd.openxmlformats-officedocument.spreadsheetml", []string{FamilySpreadsheet}},
	{"application/vnd.openxmlformats-officedocument.presentationml", []string{FamilyPresentation}},
	{"application/vnd.ms-word", []string{FamilyWordProcessing}},
	{"application/vnd.ms-excel", []string{FamilySpreadsheet}},
	{"application/vnd.ms-powerpoint", []string{FamilyPresentation}},
	{"application/vnd.ms-visio", []string{FamilyCAD}},
	{"application/vnd.ms-spreadsheetml", []string{FamilySpreadsheet}},
	{"application/vnd.ms-xpsdocument", []string{FamilyPDF}},
	{"application/oxps", []string{FamilyPDF}},
	{"application/vnd.visio", []string{FamilyCAD}},
	{"application/vnd.oasis.opendocument.text", []string{FamilyWordProcessing}},
	{"application/vnd.oasis.opendocument.spreadsheet", []string{FamilySpreadsheet}},
	{"application/vnd.oasis.opendocument.presentation", []string{FamilyPresentation}},
	{"application/vnd.oasis.opendocument.base", []string{FamilyDatabase}},
	{"application/vnd.oasis.opendocument.database", []string{FamilyDatabase}},
	{"application/vnd.oasis.opendocument.formula", []string{FamilyWordProcessing}},
	{"application/vnd.oasis.opendocument", []string{FamilyImage}}, // drawings, charts
	{"application/vnd.sun.xml.writer", []string{FamilyWordProcessing}},
	{"application/vnd.sun.xml.calc", []string{FamilySpreadsheet}},
	{"application/vnd.sun.xml.impress", []string{FamilyPresentation}},
	{"application/vnd.sun.xml.draw", []string{FamilyImage}},
	{"application/vnd.sun.xml.math", []string{FamilyWordProcessing}},
	{"application/vnd.apple.pages", []string{FamilyWordProcessing}},
	{"application/vnd.apple.numbers", []string{FamilySpreadsheet}},
	{"application/vnd.apple.keynote", []string{FamilyPresentation}},
	{"application/pgp-encrypted", []string{FamilyEncrypted}},
	{"application/pgp-", []string{FamilyCertificate}},
	{"application/pkcs", []string{FamilyCertificate}},
	{"application/pkix-", []string{FamilyCertificate}},
	{"application/x-x509-", []string{FamilyCertificate}},
	{"text/html", []string{FamilyWebPage}},
	{"text/rtf", []string{FamilyWordProcessing}},
	{"text/csv", []string{FamilySpreadsheet, FamilyText}},
	{"text/tab-separated-values", []string{FamilySpreadsheet, FamilyText}},
	{"text/calendar", []string{FamilyCalendar}},
	{"text/vcard", []string{FamilyContact}},
	{"text/x-vcard", []string{FamilyContact}},
	{"text/directory", []string{FamilyContact}},
	{"text/", []string{FamilyText}},
}

// applicationFamilies are the families of single media types below application.
var applicationFamilies = map[string][]string{
	"acad":                              {FamilyCAD},
	"atom+xml":                          {FamilyText},
	"dicom":                             {FamilyImage},
	"dxf":                               {FamilyCAD},
	"epub+zip":                          {FamilyWordProcessing},
	"fits":                              {FamilyImage},
	"gzip":                              {FamilyArchive},
	"iges":                              {FamilyCAD},
	"illustrator":                       {FamilyPDF},
	"java-archive":                      {FamilyArchive},
	"javascript":                        {FamilyText},
	"json":                              {FamilyText},
	"lzip":                              {FamilyArchive},
	"mbox":                              {FamilyEmail},
	"ms-tnef":                           {FamilyEmail},
	"msword":                            {FamilyWordProcessing},
	"ogg":                               {FamilyAudio},
	"onenote":                           {FamilyWordProcessing},
	"pdf":                               {FamilyPDF},
	"postscript":                        {FamilyWordProcessing},
	"rss+xml":                           {FamilyText},
	"rtf":                               {FamilyWordProcessing},
	"sql":                               {FamilyText},
	"step":                              {FamilyCAD},
	"toml":                              {FamilyText},
	"vnd.adobe.xfdf":                    {FamilyPDF},
	"vnd.android.dex":                   {FamilyExecutable},
	"vnd.android.package-archive":       {FamilyArchive},
	"vnd.apache.parquet":                {FamilySpreadsheet, FamilyDatabase},
	"vnd.apple.mpegurl":                 {FamilyAudio},
	"vnd.debian.binary-package":         {FamilyArchive},
	"vnd.fdf":                           {FamilyPDF},
	"vnd.framemaker":                    {FamilyWordProcessing},
	"vnd.google-earth.kml+xml":          {FamilyCAD},
	"vnd.google-earth.kmz":              {FamilyCAD},
	"vnd.lotus-1-2-3":                   {FamilySpreadsheet},
	"vnd.microsoft.portable-executable": {FamilyExecutable},
	"vnd.ms-cab-compressed":             {FamilyArchive},
	"vnd.ms-fontobject":                 {FamilyFont},
	"vnd.ms-htmlhelp":                   {FamilyExecutable},
	"vnd.ms-outlook":                    {FamilyEmail},
	"vnd.ms-outlook-pst":                {FamilyEmail},
	"vnd.ms-publisher":                  {FamilyWordProcessing},
	"vnd.ms-tnef":                       {FamilyEmail},
	"vnd.ms-works":                      {FamilyWordProcessing},
	"vnd.rar":                           {FamilyArchive},
	"vnd.rn-realmedia-vbr":              {FamilyVideo},
	"vnd.shp":                           {FamilyCAD},
	"vnd.shx":                           {FamilyCAD},
	"vnd.sqlite3":                       {FamilyDatabase},
	"vnd.wordperfect":                   {FamilyWordProcessing},
	"warc":                              {FamilyArchive},
	"wasm":                              {FamilyExecutable},
	"x-7z-compressed":                   {FamilyArchive},
	"x-abiword":                         {FamilyWordProcessing},
	"x-ace-compressed":                  {FamilyArchive},
	"x-aes-encrypted":                   {FamilyEncrypted},
	"x-age-encryption":                  {FamilyEncrypted},
	"x-alz-compressed":                  {FamilyArchive},
	"x-amf":                             {FamilyText},
	"x-ansible-vault":                   {FamilyEncrypted},
	"x-apple-diskimage":                 {FamilyArchive},
	"x-archive":                         {FamilyArchive},
	"x-arj":                             {FamilyArchive},
	"x-axcrypt":                         {FamilyEncrypted},
	"x-bitlocker-volume":                {FamilyEncrypted},
	"x-brotli":                          {FamilyArchive},
	"x-bytecode.python":                 {FamilyExecutable},
	"x-bzip2":                           {FamilyArchive},
	"x-chrome-extension":                {FamilyArchive},
	"x-compress":                        {FamilyArchive},
	"x-cpio":                            {FamilyArchive},
	"x-dbf":                             {FamilySpreadsheet, FamilyDatabase},
	"x-dosexec":                         {FamilyExecutable},
	"x-egg":                             {FamilyArchive},
	"x-elf":                             {FamilyExecutable},
	"x-executable":                      {FamilyExecutable},
	"x-hwp":                             {FamilyWordProcessing},
	"x-installshield":                   {FamilyArchive},
	"x-iso9660-image":                   {FamilyArchive},
	"x-java-applet":                     {FamilyExecutable},
	"x-java-jce-keystore":               {FamilyCertificate},
	"x-java-keystore":                   {FamilyCertificate},
	"x-javascript":                      {FamilyText},
	"x-keepass2":                        {FamilyEncrypted},
	"x-luks-volume":                     {FamilyEncrypted},
	"x-lz4":                             {FamilyArchive},
	"x-lzh-compressed":                  {FamilyArchive},
	"x-lzma":                            {FamilyArchive},
	"x-lzop":                            {FamilyArchive},
	"x-mach-binary":                     {FamilyExecutable},
	"x-mimearchive":                     {FamilyWebPage},
	"x-mobipocket-ebook":                {FamilyWordProcessing},
	"x-ms-installer":                    {FamilyExecutable},
	"x-ms-reader":                       {FamilyWordProcessing},
	"x-ms-shortcut":                     {FamilyExecutable},
	"x-ms-wim":                          {FamilyArchive},
	"x-msaccess":                        {FamilyDatabase},
	"x-ndjson":                          {FamilyText},
	"x-object":                          {FamilyExecutable},
	"x-ole-package":                     {FamilyArchive},
	"x-openssl-encrypted":               {FamilyEncrypted},
	"x-pem-file":                        {FamilyCertificate},
	"x-pkcs12":                          {FamilyCertificate},
	"x-qemu-disk":                       {FamilyArchive},
	"x-rpm":                             {FamilyArchive},
	"x-sharedlib":                       {FamilyExecutable},
	"x-shockwave-flash":                 {FamilyExecutable},
	"x-snappy-framed":                   {FamilyArchive},
	"x-squashfs":                        {FamilyArchive},
	"x-stuffit":                         {FamilyArchive},
	"x-subrip":                          {FamilyText},
	"x-tar":                             {FamilyArchive},
	"x-unix-archive":                    {FamilyArchive},
	"x-vhd":                             {FamilyArchive},
	"x-vhdx":                            {FamilyArchive},
	"x-vmdk":                            {FamilyArchive},
	"x-xar":                             {FamilyArchive},
	"x-xz":                              {FamilyArchive},
	"x-zoo":                             {FamilyArchive},
	"xhtml+xml":                         {FamilyWebPage},
	"xml":                               {FamilyText},
	"yaml":                              {FamilyText},
	"zip":                               {FamilyArchive},
	"zlib":                              {FamilyArchive},
	"zstd":                              {FamilyArchive},
}

// Families gives the families of file types that the document belongs to, by its
// content, sorted. A program of a script language is in that of scripts and in
// that of text. A document of none has none.
func (d *Document) Families() []string {
	var list []string
	list = append(list, typeFamilies(d.MediaType)...)
	switch {
	case isScript(d.Executable):
		list = append(list, FamilyScript)
	case d.Executable != "" && !strings.HasSuffix(d.Executable, "macros"):
		list = append(list, FamilyExecutable)
	}
	if d.Status == Protected || d.Encryption != "" {
		list = append(list, FamilyEncrypted)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func typeFamilies(mediaType string) []string {
	mediaType, _, _ = strings.Cut(mediaType, ";")
	if list := applicationFamilies[strings.TrimPrefix(mediaType, "application/")]; list != nil && strings.HasPrefix(mediaType, "application/") {
		return list
	}
	for _, row := range familiesByPrefix {
		if strings.HasPrefix(mediaType, row.prefix) {
			return row.families
		}
	}
	switch {
	case strings.HasSuffix(mediaType, "+xml"), strings.HasSuffix(mediaType, "+json"):
		return []string{FamilyText}
	case strings.HasSuffix(mediaType, "+zip"):
		return []string{FamilyArchive}
	}
	return nil
}

// isScript tells programs that are text from those of a machine.
func isScript(executable string) bool {
	return strings.HasSuffix(executable, "script") && executable != "an installation script" || executable == "an HTML application"
}
