package site

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/edgegateway/edgegateway/test/cluster"
)

// Daemon is a program that runs on one of the cluster's hosts until it is stopped.
type Daemon struct {
	Name string
	// Log is the path of what it wrote.
	Log string

	cmd  *exec.Cmd
	done chan struct{}
}

// start runs a program on a host, with its output in a file, until Stop or Close.
func (s *Site) start(host *cluster.Host, name string, env []string, program string, args ...string) (*Daemon, error) {
	d := &Daemon{Name: name, Log: filepath.Join(s.Dir, name+".log"), done: make(chan struct{})}
	log, err := os.OpenFile(d.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("opening the log of %s: %w", name, err)
	}
	defer log.Close()
	// Its life is the site's, not that of the step that starts it.
	d.cmd = host.Command(context.Background(), program, args...)
	d.cmd.Env = append(d.cmd.Environ(), env...)
	d.cmd.Stdout, d.cmd.Stderr = log, log
	if err := d.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", name, err)
	}
	go func() {
		_ = d.cmd.Wait()
		close(d.done)
	}()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.daemons = append(s.daemons, d)
	return d, nil
}

// Stop ends the program, kindly at first. It may be called again.
func (d *Daemon) Stop() {
	_ = d.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-d.done:
	case <-time.After(3 * time.Second):
		_ = d.cmd.Process.Kill()
		<-d.done
	}
}

// Exited returns an error with the end of the log if the program has ended by itself.
func (d *Daemon) Exited() error {
	select {
	case <-d.done:
		log, _ := os.ReadFile(d.Log)
		return fmt.Errorf("%s ended: %s", d.Name, log[max(0, len(log)-2000):])
	default:
		return nil
	}
}
