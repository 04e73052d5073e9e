package django

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"invisibleart.example/gallery/vault"
)

// maxPlaceholder is the size limit of a placeholder picture here, in bytes.
const maxPlaceholder = 2 << 20

// picture takes the placeholder picture over, or reports why the work comes
// without it. It is stored before the row, as the sealed bytes are; one without
// a row is an orphan that the gallery collects.
func (m *move) picture(ctx context.Context, w *work) error {
	name := w.row["placeholder_image"]
	if name == "" {
		return nil
	}
	w.report.count(Placeholders, Count{Found: 1})
	if m.media == nil {
		w.report.number(Noted, Placeholders, "left behind, because no media root was given", 1)
		return nil
	}
	content, contentType, problem := m.readPicture(name)
	if problem != "" {
		w.report.leave(Placeholders, w.row["id"], problem, fmt.Sprintf("%q", name))
		return nil
	}
	if !m.options.DryRun {
		if err := m.to.Vault.PutPlaceholder(ctx, w.art.ID, bytes.NewReader(content)); err != nil {
			return err
		}
	}
	w.art.Placeholder = contentType
	w.report.count(Placeholders, Count{Imported: 1})
	return nil
}

func (m *move) readPicture(name string) (content []byte, contentType, problem string) {
	file, err := openFileIn(m.media, name)
	if err != nil {
		return nil, "", "its file is not in the media root"
	}
	defer file.Close()
	content, err = io.ReadAll(io.LimitReader(file, maxPlaceholder+1))
	switch {
	case err != nil:
		return nil, "", "its file cannot be read"
	case len(content) > maxPlaceholder:
		return nil, "", fmt.Sprintf("it is larger than %d MiB", maxPlaceholder>>20)
	}
	inspected, err := vault.Inspect("placeholder_image", bytes.NewReader(content), maxPlaceholder)
	if err != nil || !vault.IsPicture(inspected.ContentType) {
		return nil, "", "it is no JPEG, PNG, GIF or WebP picture that can be shown"
	}
	return content, inspected.ContentType, ""
}
