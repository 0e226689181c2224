//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// browser starts a headless Chromium; it ends with the test.
func browser(t *testing.T) context.Context {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			path = p
			break
		}
	}
	switch {
	case path != "":
	case os.Getenv("CI") == "true":
		t.Fatal("there is no Chromium: scripts/need.sh installs it")
	default:
		t.Skip("there is no Chromium: scripts/need.sh installs it")
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.WSURLReadTimeout(idle))
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), opts...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	return ctx
}

// look is a width of a window and the colours a reader prefers.
type look struct {
	name   string
	width  int64
	scheme string
}

var looks = []look{
	{"desktop-light", 1200, "light"}, {"desktop-dark", 1200, "dark"},
	{"phone-light", 360, "light"}, {"phone-dark", 360, "dark"},
}

// faults is a program for the page: what a reader could not read of it. Text is
// compared with the nearest background behind it, as WCAG 2 has it.
const faults = `(() => {
  const out = [];
  if (document.documentElement.scrollWidth > WIDTH) out.push("wider than the window: " + document.documentElement.scrollWidth);
  if (!document.documentElement.lang) out.push("no language");
  if (!document.title) out.push("no title");
  const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const rgba = c => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = c; canvas.fillRect(0, 0, 1, 1); return canvas.getImageData(0, 0, 1, 1).data; };
  const light = c => [0, 1, 2].map(i => c[i] / 255).map(v => v <= 0.03928 ? v / 12.92 : Math.pow((v + 0.055) / 1.055, 2.4)).reduce((a, v, i) => a + v * [0.2126, 0.7152, 0.0722][i], 0);
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const behind = e => { for (; e; e = e.parentElement) { const c = rgba(getComputedStyle(e).backgroundColor); if (c[3] === 255) return c; } return dark && getComputedStyle(document.documentElement).colorScheme.includes("dark") ? [18, 18, 18] : [255, 255, 255]; };
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const text = walk.currentNode.textContent.trim(), e = walk.currentNode.parentElement, s = getComputedStyle(e);
    if (!text || s.display === "none" || s.visibility === "hidden" || e.closest("style,script")) continue;
    const a = light(rgba(s.color)), b = light(behind(e)), ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) out.push("contrast " + ratio.toFixed(1) + " of " + JSON.stringify(text.slice(0, 40)));
    if (parseFloat(s.fontSize) < 12) out.push("letters of " + s.fontSize + ": " + JSON.stringify(text.slice(0, 40)));
  }
  return out;
})()`

// as makes the tab that of a reader.
func as(l look) chromedp.Action[chromedp.Void] {
	return func(ctx context.Context, t *chromedp.Target) (none chromedp.Void, err error) {
		if _, err = cdp.Call(ctx, t, network.Enable, network.EnableParams{}); err != nil {
			return none, err
		}
		size := emulation.SetDeviceMetricsOverrideParams{Width: l.width, Height: 800, DeviceScaleFactor: 1, Mobile: l.width < 600}
		if _, err = cdp.Call(ctx, t, emulation.SetDeviceMetricsOverride, size); err != nil {
			return none, err
		}
		colours := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: l.scheme}}}
		_, err = cdp.Call(ctx, t, emulation.SetEmulatedMedia, colours)
		return none, err
	}
}

// examine opens pages in one look and reports what is wrong with them. PICTURES
// names a folder that takes a picture of each.
func examine(t *testing.T, browser context.Context, l look, files []string) {
	tab, cancel := chromedp.NewContext(browser)
	defer cancel()
	asked := make(chan string, 100)
	err := chromedp.Listen(tab, func(ev any) {
		if r, ok := ev.(*network.EventRequestWillBeSent); ok && !strings.HasPrefix(r.Request.URL, "file:") {
			select {
			case asked <- r.Request.URL:
			default:
			}
		}
	})
	if err == nil {
		err = chromedp.Do(tab, as(l))
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".html")
		ctx, stop := context.WithTimeout(tab, idle)
		var wrong []string
		err := chromedp.Do(ctx, chromedp.Navigate((&url.URL{Scheme: "file", Path: file}).String()))
		if err == nil {
			wrong, err = chromedp.Run(ctx, chromedp.Evaluate[[]string](strings.ReplaceAll(faults, "WIDTH", fmt.Sprint(l.width))))
		}
		if dir := os.Getenv("PICTURES"); dir != "" && err == nil {
			var picture []byte
			if picture, err = chromedp.Run(ctx, chromedp.FullScreenshot(100)); err == nil {
				err = os.WriteFile(filepath.Join(dir, name+"-"+l.name+".png"), picture, 0o644)
			}
		}
		stop()
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, w := range wrong {
			t.Errorf("%s: %s", name, w)
		}
		select {
		case u := <-asked:
			t.Errorf("%s: it fetches %s", name, u)
		default:
		}
	}
}

// Every kind of mail that Postern writes can be read at the width of a desktop and
// of a phone, in light and in dark, and fetches nothing.
func TestMailCanBeRead(t *testing.T) {
	ctx := browser(t)
	dir := t.TempDir()
	write := exec.Command("go", "test", "-count=1", "-run", "^TestSamples$", "../notice")
	write.Env = append(os.Environ(), "NOTICE_SAMPLES="+dir)
	if out, err := write.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.html"))
	if err != nil || len(files) < 20 {
		t.Fatalf("%d pages, %v", len(files), err)
	}
	for i, l := range looks {
		if os.Getenv("PICTURES") == "" && i%3 != 0 {
			continue // the first and the last have both widths and both colours
		}
		t.Run(l.name, func(t *testing.T) { examine(t, ctx, l, files) })
	}
}
