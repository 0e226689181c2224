package extract

import (
	"encoding/binary"
	"strings"
	"testing"
)

// dosProgram makes a program with a new header behind that of MS-DOS.
func dosProgram(header string) string {
	b := append([]byte("MZ"), make([]byte, 0x3a)...)
	b = binary.LittleEndian.AppendUint32(b, 0x40)
	return string(b) + header + strings.Repeat("\x00", 200)
}

func TestExecutables(t *testing.T) {
	class := "\xca\xfe\xba\xbe\x00\x00\x00\x34" + strings.Repeat("\x00\x01", 30)
	for _, c := range []struct {
		name, content, want string
	}{
		{"a.exe", dosProgram("PE\x00\x00"), "a Windows program"},
		{"invoice.pdf", dosProgram("PE\x00\x00"), "a Windows program"},
		{"", dosProgram("NE\x05\x01"), "a 16-bit Windows program"},
		{"", dosProgram("LE\x00\x00"), "an OS/2 or Windows driver program"},
		{"", dosProgram("\x00\x00\x00\x00"), "an MS-DOS program"},
		{"a.txt", "\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 60), "an ELF program"},
		{"", "\xcf\xfa\xed\xfe\x07\x00\x00\x01" + strings.Repeat("\x00", 60), "a macOS program"},
		{"", "\xca\xfe\xba\xbe\x00\x00\x00\x02\x01\x00\x00\x07" + strings.Repeat("\x00", 60), "a macOS program"},
		{"", class, "a Java program"},
		{"", "\x00asm\x01\x00\x00\x00" + strings.Repeat("\x01", 30), "a WebAssembly program"},
		{"", "dex\n035\x00" + strings.Repeat("\x01", 60), "an Android program"},
		{"", "L\x00\x00\x00\x01\x14\x02\x00\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00F" + strings.Repeat("\x00", 60), "a Windows shortcut"},
		{"a.com", "\xb4\x09\xba\x0d\x01\xcd\x21\xb4\x4c\xcd\x21\x00", "an MS-DOS program"},
		{"x.jar", string(zipped(t, "META-INF/MANIFEST.MF: Main-Class: A")), "a Java program"},
		{"x", string(zipped(t, "AndroidManifest.xml: x", "classes.dex: y")), "an Android program"},
		{"x.txt", "#!/bin/sh\necho\n", "a shell script"},
		{"x", "#!/usr/bin/env python3\nprint()\n", "a Python script"},
		{"x", "#! /usr/bin/perl -w\n", "a Perl script"},
		{"x.bat", "echo hello\r\n", "a Windows command script"},
		{"x", "@echo off\r\ndel x\r\n", "a Windows command script"},
		{"x.CMD", "dir\r\n", "a Windows command script"},
		{"x.cmd. .", "dir\r\n", "a Windows command script"},
		{"x.ps1", "Get-Item x\n", "a PowerShell script"},
		{"x.vbs", "MsgBox 1\n", "a Visual Basic script"},
		{"x.js", "alert(1)\n", "a JavaScript script"},
		{"x.jse", "#@~^AAAA\n", "a Windows script"},
		{"x.wsf", "<job></job>", "a Windows script"},
		{"x.hta", "<html></html>", "an HTML application"},
		{"x.htm", "<html><HTA:APPLICATION id=a></html>", "an HTML application"},
		{"x.py", "print()\n", "a Python script"},
		{"x.txt", "[InternetShortcut]\r\nURL=http://x.example/\r\n", "an Internet shortcut"},
		{"x", "[Desktop Entry]\nExec=x\n", "a desktop shortcut"},
		{"x.scf", "[Shell]\r\nCommand=2\r\n", "a Windows shortcut"},
		{"x.reg", "Windows Registry Editor Version 5.00\r\n", "a file of registry settings"},
		{"x.inf", "[Version]\r\n", "an installation script"},
		{"x.txt", "Hello, world", ""},
		{"x.txt", "MZ is how programs of MS-DOS begin, and so does this text of some length, which goes on.", ""},
		{"example.com", "Hello from example.com", ""},
		{"x.svg", `<svg xmlns="http://www.w3.org/2000/svg"><text>a</text></svg>`, ""},
		{"x.svg", `<svg xmlns="http://www.w3.org/2000/svg"><script>a()</script></svg>`, "a drawing with a script"},
		{"x.zip", string(zipped(t, "a.txt: x")), ""},
		{"", "", ""},
	} {
		t.Run(c.name+" "+c.want, func(t *testing.T) {
			d := extract(c.content, Hint{Name: c.name})
			checkDocument(t, d, DefaultLimits)
			if d.Executable != c.want {
				t.Errorf("%s %s, %q, not %q", d.MediaType, d.Status, d.Executable, c.want)
			}
			if strings.HasSuffix(c.want, "script") && d.Status != Complete {
				t.Errorf("a script is text: %s", d.Status)
			}
			if strings.HasSuffix(c.want, "Windows program") && (d.Status != Unsupported || d.MediaType == "text/plain") {
				t.Errorf("a program: %s %s", d.MediaType, d.Status)
			}
		})
	}
}

// A program tells what it is in every kind of part, and within archives.
func TestExecutableMembers(t *testing.T) {
	d := extract(string(zipped(t, "a.bat: dir", "b.txt: "+dosProgram("PE\x00\x00"))), Hint{})
	for i, want := range []string{"a Windows command script", "a Windows program"} {
		if len(d.Members) != 2 || d.Members[i].Executable != want {
			t.Errorf("member %d: not %q, %+v", i, want, d.Members)
		}
	}
}
