// Graceful as in the documentation of http.Server.Shutdown, which does not wait before it stops listening.
package main

import (
	"context"
	"fmt"
	"net/http"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, "Hello") })
	server := &http.Server{Addr: ":8080"}
	go server.ListenAndServe()
	<-ctx.Done()
	server.Shutdown(context.Background())
}
