#!/bin/sh
# nginx, which drains on SIGQUIT and cuts on SIGTERM; each answer takes about 2 s. $1 is a folder for what it writes.
dir=$(mktemp -d "$1/pod-XXXXXX")
head -c 60000 /dev/zero > "$dir/slow"
cat > "$dir/nginx.conf" <<CONF
daemon off;
user $(id -un) $(id -gn);
pid $dir/pid;
error_log $dir/error.log;
worker_processes 1;
events {}
http {
  access_log off;
  client_body_temp_path $dir/body;
  proxy_temp_path $dir/proxy;
  fastcgi_temp_path $dir/fastcgi;
  uwsgi_temp_path $dir/uwsgi;
  scgi_temp_path $dir/scgi;
  server {
    listen $HOST:$PORT;
    root $dir;
    limit_rate 30k;
  }
}
CONF
exec nginx -c "$dir/nginx.conf" -e "$dir/error.log"
