// Package python finds the Python packages that judge the simulated clouds: requirements.txt, which .ci/run installs into
// the user's cache. It installs nothing itself, so that tests need no network. It imports the standard library only.
package python
