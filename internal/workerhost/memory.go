package workerhost

import (
	"math"
	"runtime/debug"
)

// memoryLimit leaves room for the program itself below 200 MB.
const memoryLimit = 140 << 20

// SaveMemory has the garbage collector work harder before a worker takes more than 140 MiB, unless GOMEMLIMIT says something
// else. A worker waits for networks nearly all the time, so that it has the time for it.
func SaveMemory() {
	if debug.SetMemoryLimit(-1) == math.MaxInt64 {
		debug.SetMemoryLimit(memoryLimit)
	}
}
