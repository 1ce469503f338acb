# Builds Go programs from the Go proxy into the cache. Source common.sh first.
export CGO_ENABLED=0 GOFLAGS='-mod=readonly -trimpath -buildvcs=false' GOWORK=off

need_go() { command -v go >/dev/null || fail 'go is not on PATH; install Go 1.26 or later (https://go.dev/dl) and run again'; }

# build_tool MODULE-FOLDER TOOL PACKAGE STAMP: into $CACHE/tools/MODULE-KEY/TOOL, linked from $CACHE/bin/TOOL, or from $TOOLS_BIN/TOOL.
# The key hashes go.mod, go.sum and the version stamp, so only the first run on a machine pays for the compilation.
build_tool() {
  local module=$1 tool=$2 package=$3 stamp=$4 bin=${TOOLS_BIN:-$CACHE/bin} folder
  folder=$CACHE/tools/$(basename "$module")-$(content_key "$module"/* <(echo "$stamp"))
  if [ ! -x "$folder/$tool" ]; then
    mkdir -p "$folder"
    step "build $tool" go -C "$module" build -ldflags "-s -w $stamp" -o "$folder/.$tool.partial" "$package"
    mv "$folder/.$tool.partial" "$folder/$tool"
  fi
  mkdir -p "$bin"
  ln -sfn "$folder/$tool" "$bin/$tool"
}
