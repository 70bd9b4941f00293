package localserver

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"
)

// established is the state of a connection whose both ends are open. A socket that its program has closed belongs to nobody,
// and is listed as root's.
const established = "01"

// peer says who holds the other end of a connection, if that is there, and open.
func peer(connection net.Conn) (uid int, found bool) {
	here, okHere := connection.LocalAddr().(*net.TCPAddr)
	there, okThere := connection.RemoteAddr().(*net.TCPAddr)
	if !okHere || !okThere {
		return 0, false
	}
	// A table that changes while it is read may lack lines.
	for attempt := range 3 {
		if attempt > 0 {
			time.Sleep(time.Millisecond)
		}
		for _, table := range []string{"/proc/self/net/tcp", "/proc/self/net/tcp6"} {
			if uid, found := look(table, there.AddrPort(), here.AddrPort()); found {
				return uid, true
			}
		}
	}
	return 0, false
}

// look searches a table for the end of a connection that is at from, and answers with its owner.
func look(table string, from, to netip.AddrPort) (owner int, found bool) {
	file, err := os.Open(table)
	if err != nil {
		return 0, false
	}
	defer file.Close()
	near, far := spellings(from), spellings(to)
	is := func(field string, address [2]string) bool { return field == address[0] || field == address[1] }
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		// sl local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid …
		fields := strings.Fields(lines.Text())
		if len(fields) < 8 || fields[3] != established || !is(fields[1], near) || !is(fields[2], far) {
			continue
		}
		owner, err := strconv.Atoi(fields[7])
		return owner, err == nil
	}
	return 0, false
}

// spellings are an address as the table of IPv4 and that of IPv6 have it: the latter lists IPv4 connections of sockets for both.
func spellings(address netip.AddrPort) [2]string {
	ip := address.Addr().Unmap().WithZone("")
	port := fmt.Sprintf(":%04X", address.Port())
	long := ip.As16() // of IPv4 it is the mapped one
	both := [2]string{words(long[:]) + port, words(long[:]) + port}
	if ip.Is4() {
		short := ip.As4()
		both[0] = words(short[:]) + port
	}
	return both
}

// words writes an address as the kernel does: as numbers of 32 bits in the order of bytes of this machine.
func words(address []byte) string {
	var text strings.Builder
	for ; len(address) > 0; address = address[4:] {
		var number [4]byte
		binary.BigEndian.PutUint32(number[:], binary.NativeEndian.Uint32(address[:4]))
		text.WriteString(strings.ToUpper(hex.EncodeToString(number[:])))
	}
	return text.String()
}
