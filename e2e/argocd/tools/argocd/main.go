// Miniredis is the cache between the parts of Argo CD. It is built here because the module that Argo CD is built from
// brings it along, and nothing needs to be installed.
package main

import (
	"log"
	"os"
	"time"

	"github.com/alicebob/miniredis/v2"
)

// It has a clock of its own, which stands still until it is told: without it nothing would ever expire.
const tick = time.Second

func main() {
	if len(os.Args) != 2 {
		log.Fatal("name the address to listen on, for example: miniredis 127.0.0.1:6379")
	}
	server := miniredis.NewMiniRedis()
	if err := server.StartAddr(os.Args[1]); err != nil {
		log.Fatal(err)
	}
	for range time.Tick(tick) {
		server.FastForward(tick)
	}
}
