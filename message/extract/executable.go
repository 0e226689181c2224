package extract

import (
	"bytes"
	"encoding/binary"
	"path"
	"strings"
)

// executable says in plain words which program the document is, by content, and by
// name where content cannot tell; empty for none.
func executable(r *reader) string {
	if what := program(r.content); what != "" {
		return what
	}
	if bytes.HasPrefix(r.content, []byte("ITSF\x03\x00\x00\x00")) {
		return "a compiled help file"
	}
	switch r.doc.MediaType {
	case "application/x-bytecode.python":
		return "a Python program"
	case "application/x-shockwave-flash":
		return "a Flash program"
	case "application/x-xar":
		return "a software package"
	}
	if bytes.HasPrefix(r.content, []byte("FasdUAS ")) {
		return "an AppleScript script"
	}
	name := strings.ToLower(strings.TrimRight(r.hint.Name, " ."))
	return scriptKind(r.content, strings.TrimPrefix(path.Ext(name), "."))
}

// program tells the programs that are known by their first octets.
func program(content []byte) string {
	c := content
	switch {
	case len(c) < 4:
		return ""
	case c[0] == 'M' && c[1] == 'Z' || c[0] == 'Z' && c[1] == 'M':
		return windowsProgram(c)
	case bytes.HasPrefix(c, []byte("\x7fELF")):
		return "an ELF program"
	case bytes.HasPrefix(c, []byte("\x00asm")) && len(c) >= 8 && c[5] == 0 && c[7] == 0:
		return "a WebAssembly program"
	case bytes.HasPrefix(c, []byte("dex\n")), bytes.HasPrefix(c, []byte("dey\n")):
		return "an Android program"
	case bytes.HasPrefix(c, []byte("L\x00\x00\x00\x01\x14\x02\x00\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00F")):
		return "a Windows shortcut"
	}
	switch binary.BigEndian.Uint32(c) {
	case 0xfeedface, 0xfeedfacf, 0xcefaedfe, 0xcffaedfe:
		return "a macOS program"
	case 0xcafebabe, 0xcafebabf:
		// A Mach-O file for several processors holds their number next, a Java class
		// its version, 45 and more.
		if len(c) >= 8 && binary.BigEndian.Uint32(c[4:]) < 45 {
			return "a macOS program"
		}
		return "a Java program"
	}
	return ""
}

// windowsProgram tells the kinds of programs with the header of MS-DOS.
func windowsProgram(c []byte) string {
	if len(c) < 0x1c || looksLikeText(c) {
		return ""
	}
	if len(c) < 0x40 {
		return "an MS-DOS program"
	}
	at := binary.LittleEndian.Uint32(c[0x3c:])
	if uint64(at)+4 <= uint64(len(c)) {
		switch h := c[at:]; {
		case bytes.HasPrefix(h, []byte("PE\x00\x00")):
			return "a Windows program"
		case bytes.HasPrefix(h, []byte("NE")):
			return "a 16-bit Windows program"
		case bytes.HasPrefix(h, []byte("LE")), bytes.HasPrefix(h, []byte("LX")):
			return "an OS/2 or Windows driver program"
		}
	}
	return "an MS-DOS program"
}

// scriptExtensions are the names of files that a double click or a command runs,
// and which content alone does not tell.
var scriptExtensions = map[string]string{
	"bat": "a Windows command script", "cmd": "a Windows command script", "btm": "a Windows command script",
	"ps1": "a PowerShell script", "psm1": "a PowerShell script", "psd1": "a PowerShell script", "ps1xml": "a PowerShell script",
	"vbs": "a Visual Basic script", "vbe": "a Visual Basic script", "vb": "a Visual Basic script",
	"js": "a JavaScript script", "jse": "a JavaScript script", "mjs": "a JavaScript script",
	"wsf": "a Windows script", "wsh": "a Windows script", "wsc": "a Windows script", "sct": "a Windows script",
	"hta": "an HTML application", "scf": "a Windows shortcut", "url": "an Internet shortcut", "lnk": "a Windows shortcut",
	"desktop": "a desktop shortcut", "webloc": "an Internet shortcut", "pif": "an MS-DOS program",
	"reg": "a file of registry settings", "inf": "an installation script",
	"sh": "a shell script", "bash": "a shell script", "zsh": "a shell script", "ksh": "a shell script", "csh": "a shell script", "command": "a shell script",
	"py": "a Python script", "pyw": "a Python script", "pl": "a Perl script", "rb": "a Ruby script", "php": "a PHP script",
	"lua": "a Lua script", "tcl": "a Tcl script", "applescript": "an AppleScript script", "scpt": "an AppleScript script",
	"ahk": "an AutoHotkey script", "au3": "an AutoIt script",
	"com": "an MS-DOS program", "scr": "a Windows program", "cpl": "a Windows program",
	"msi": "a Windows installer", "msp": "a Windows installer", "mst": "a Windows installer", "msix": "a Windows installer", "appx": "a Windows installer",
	"application": "a Windows installer", "appref-ms": "a Windows installer", "msc": "a Windows console file",
	"chm": "a compiled help file", "hlp": "a help file", "deb": "a software package", "rpm": "a software package",
	"msu": "a Windows installer", "diagcab": "a Windows installer", "xbap": "a Windows program", "gadget": "a Windows program",
	"ws": "a Windows script", "shb": "a Windows shortcut", "shs": "a Windows shortcut", "website": "an Internet shortcut",
	"pyz": "a Python program", "pyzw": "a Python program", "pyc": "a Python program",
	"jnlp": "a Java program", "settingcontent-ms": "a Windows shortcut", "library-ms": "a Windows shortcut",
}

// binaryScripts are the names among them that mean a program only if the content
// is not text.
var binaryScripts = map[string]bool{"com": true, "scr": true, "cpl": true, "pif": true, "msi": true, "msp": true, "mst": true,
	"msu": true, "diagcab": true, "gadget": true, "shs": true, "pyc": true, "msix": true, "appx": true, "chm": true, "hlp": true, "deb": true, "rpm": true, "lnk": true}

// scriptKind tells scripts and shortcuts: by the line that names their
// interpreter, by what only stands in such files, or by the extension.
func scriptKind(content []byte, ext string) string {
	head := bytes.TrimPrefix(content[:min(len(content), 512)], []byte("\xef\xbb\xbf"))
	if bytes.HasPrefix(head, []byte("#!")) {
		return interpreter(head)
	}
	lower := strings.ToLower(strings.TrimLeft(string(head), " \t\r\n"))
	for _, known := range [...]struct{ prefix, kind string }{
		{"[internetshortcut]", "an Internet shortcut"},
		{"[desktop entry]", "a desktop shortcut"},
		{"[shell]\r\ncommand=", "a Windows shortcut"},
		{"windows registry editor version", "a file of registry settings"},
		{"regedit4", "a file of registry settings"},
		{"@echo off", "a Windows command script"},
		{"<?php", "a PHP script"},
		{"#@~^", "a Windows script"}, // encoded VBScript or JScript
	} {
		if strings.HasPrefix(lower, known.prefix) {
			return known.kind
		}
	}
	if strings.Contains(lower, "<hta:application") {
		return "an HTML application"
	}
	kind := scriptExtensions[ext]
	if kind != "" && binaryScripts[ext] && (looksLikeText(content) || len(content) == 0) {
		return ""
	}
	return kind
}

// interpreter gives the kind of a script by its first line.
func interpreter(head []byte) string {
	line, _, _ := bytes.Cut(head[2:], []byte("\n"))
	fields := strings.Fields(string(line))
	if len(fields) == 0 || !strings.HasPrefix(fields[0], "/") {
		return ""
	}
	name := path.Base(fields[0])
	if name == "env" && len(fields) > 1 {
		name = path.Base(fields[len(fields)-1])
	}
	for _, known := range [...]struct{ prefix, kind string }{
		{"python", "a Python script"}, {"perl", "a Perl script"}, {"ruby", "a Ruby script"}, {"php", "a PHP script"},
		{"node", "a JavaScript script"}, {"pwsh", "a PowerShell script"}, {"lua", "a Lua script"}, {"tclsh", "a Tcl script"},
		{"osascript", "an AppleScript script"},
	} {
		if strings.HasPrefix(name, known.prefix) {
			return known.kind
		}
	}
	return "a shell script"
}
