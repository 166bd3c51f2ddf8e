package cluster

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// stopTime is how long a process may take to end when asked.
const stopTime = 10 * time.Second

// Process is a daemon that we started.
type Process struct {
	// Log is the path of what it says.
	Log  string
	name string
	cmd  *exec.Cmd
	done chan struct{}
}

// startProcess starts a command in a session of its own and records it.
func startProcess(cluster, name string, command *exec.Cmd) (*Process, error) {
	logPath := filepath.Join(stateDir(cluster), "log", name+".log")
	logFile, err := os.OpenFile(logPath, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return nil, fmt.Errorf("opening the log of %s: %w", name, err)
	}
	// The child has its own copy of the descriptor.
	defer func() { _ = logFile.Close() }()
	if command.Stdout == nil {
		command.Stdout, command.Stderr = logFile, logFile
	}
	if command.SysProcAttr == nil {
		command.SysProcAttr = new(syscall.SysProcAttr)
	}
	command.SysProcAttr.Setsid = true
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", name, err)
	}
	p := &Process{Log: logPath, name: name, cmd: command, done: make(chan struct{})}
	go func() {
		_ = command.Wait()
		close(p.done)
	}()
	return p, recordProcess(cluster, command.Process.Pid, name)
}

// Pid is the process's id.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Stop ends the process: it is asked first and killed after 10 s.
func (p *Process) Stop() error {
	for _, signal := range []os.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		if err := p.cmd.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
			return fmt.Errorf("stopping %s: %w", p.name, err)
		}
		select {
		case <-p.done:
			return nil
		case <-time.After(stopTime):
		}
	}
	return fmt.Errorf("stopping %s: it does not end", p.name)
}

// tail is the end of what the process said.
func (p *Process) tail() string {
	const lines = 15
	data, err := os.ReadFile(p.Log)
	if err != nil {
		return err.Error()
	}
	all := strings.Split(strings.TrimSpace(string(data)), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

// processesDir holds a file for each process that was started: named by its id, with the time of its start.
func processesDir(cluster string) string { return filepath.Join(stateDir(cluster), "processes") }

func recordProcess(cluster string, pid int, name string) error {
	record := fmt.Sprintf("%s %s\n", startTime(pid), name)
	if err := os.WriteFile(filepath.Join(processesDir(cluster), strconv.Itoa(pid)), []byte(record), 0o644); err != nil {
		return fmt.Errorf("recording %s: %w", name, err)
	}
	return nil
}

// recordedProcesses are those that still are what was recorded: an id may have become someone else's.
func recordedProcesses(cluster string) []int {
	entries, err := os.ReadDir(processesDir(cluster))
	if err != nil {
		return nil
	}
	var alive []int
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		data, err := os.ReadFile(filepath.Join(processesDir(cluster), entry.Name()))
		started, _, _ := strings.Cut(string(data), " ")
		if err == nil && started != "" && started == startTime(pid) {
			alive = append(alive, pid)
		}
	}
	return alive
}

// startTime is when a process started, in ticks since this boot, with the boot's id; empty if there is no such process,
// or it has ended and only waits to be reaped.
func startTime(pid int) string {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	// The command's name, in brackets, may hold anything: count from its end.
	_, rest, ok := strings.Cut(string(stat[strings.LastIndexByte(string(stat), ')'):]), " ")
	fields := strings.Fields(rest)
	const state, start = 0, 19
	if !ok || len(fields) <= start || fields[state] == "Z" {
		return ""
	}
	return strings.TrimSpace(string(boot)) + ":" + fields[start]
}
