package drain

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Program is the name of the installed binary.
const Program = "edgegateway"

// Install copies the running executable into dir as Program, so that another container that shares dir can run it, and returns its path. Who
// looks sees the whole file or the one from before. The executable must be static, since the other container may have no libraries.
func Install(dir string) (string, error) {
	source, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("finding the executable: %w", err)
	}
	target := filepath.Join(dir, Program)
	if err := replace(source, target); err != nil {
		return "", fmt.Errorf("installing %s: %w", target, err)
	}
	return target, nil
}

// replace writes beside the target and moves the result onto it.
func replace(source, target string) error {
	from, err := os.Open(source)
	if err != nil {
		return err
	}
	defer func() { _ = from.Close() }()
	file, err := os.CreateTemp(filepath.Dir(target), ".install-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(file.Name()) }() // it is gone after the move
	if err := fill(file, from); err != nil {
		_ = file.Close()
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	return os.Rename(file.Name(), target)
}

func fill(file *os.File, from io.Reader) error {
	if _, err := io.Copy(file, from); err != nil {
		return err
	}
	return file.Chmod(0o755)
}
