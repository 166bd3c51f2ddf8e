package arch

import (
	"io/fs"
	"path"
	"regexp"
	"strings"
)

var (
	// placeName is a file or folder of ours, as it is written in a sentence; an identifier may follow a package's folder after a dot.
	placeName = regexp.MustCompile(`(?:^|[^\w./@-])((?:\.ci|api|charts|config|controllers|docs|edgeproxy|providers|test)/[\w./-]*\w)`)
	// fileName is a Go file without its folder, which is then the sentence's own.
	fileName = regexp.MustCompile(`(?:^|[^\w./*<-])([a-z][a-z0-9_]*\.go)\b`)
	// codeSpan is what Markdown shows as code.
	codeSpan = regexp.MustCompile("`[^`\n]+`")
)

// checkReferences finds sentences, in Markdown and in comments, that name a file or a folder of ours which is not there.
func checkReferences(t tree) []Violation {
	var found []Violation
	for _, text := range t.texts {
		for i, line := range strings.Split(text.source, "\n") {
			code := strings.ReplaceAll(strings.Join(codeSpan.FindAllString(line, -1), " "), "`", " ")
			found = append(found, missing(text.path, i+1, t.lacks("", code))...)
		}
	}
	for _, file := range t.files {
		for _, group := range file.syntax.Comments {
			for _, comment := range group.List {
				found = append(found, missing(file.path, file.line(comment.Pos()), t.lacks(file.dir, comment.Text))...)
			}
		}
	}
	return found
}

func missing(file string, line int, names []string) []Violation {
	var found []Violation
	for _, name := range names {
		found = append(found, Violation{file, line, "reference", "there is no " + name + ": say where it is now, or leave the place out of the sentence"})
	}
	return found
}

// lacks returns what a text names and is not there. Files without a folder are looked for in dir, or nowhere if that is "".
func (t tree) lacks(dir, text string) []string {
	var names []string
	for _, name := range namesIn(placeName, text) {
		if !t.has(name) {
			names = append(names, name)
		}
	}
	if dir == "" {
		return names
	}
	for _, name := range namesIn(fileName, text) {
		if !t.exists(path.Join(dir, name)) && !t.exists(name) {
			names = append(names, name)
		}
	}
	return names
}

func namesIn(pattern *regexp.Regexp, text string) []string {
	var names []string
	for _, match := range pattern.FindAllStringSubmatch(text, -1) {
		names = append(names, match[1])
	}
	return names
}

// has reports whether a file or folder is there, or a folder's package has the identifier that follows the dot.
func (t tree) has(name string) bool {
	if t.exists(name) {
		return true
	}
	base := path.Base(name)
	pkg, identifier, qualified := strings.Cut(base, ".")
	if !qualified || identifier == "" || identifier[0] < 'A' || identifier[0] > 'Z' {
		return false
	}
	identifier, _, _ = strings.Cut(identifier, ".")
	folder := path.Join(path.Dir(name), pkg)
	for _, file := range t.files {
		if file.dir == folder && declares(file, identifier) {
			return true
		}
	}
	return false
}

func (t tree) exists(name string) bool {
	_, err := fs.Stat(t.root, name)
	return err == nil
}
