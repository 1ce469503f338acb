# Shared by the scripts that make images: buildah with a store of its own in the cache, and archives named by content.
ARCHIVES=$CACHE/images

# chroot isolation needs no container runtime on the host; a store of its own keeps the host's untouched.
builder() {
  local command=$1
  shift
  buildah --root "$CACHE/buildah" --runroot "$CACHE/buildah-run" --storage-driver overlay "$command" "$@"
}

has_image() { builder images --quiet "$1" >/dev/null 2>&1; }

# The archive an image was last written to: NAME.tar is a link to NAME-KEY.tar.
archive_current() { [ "$(readlink "$ARCHIVES/$1.tar" 2>/dev/null)" = "$1-$2.tar" ] && [ -f "$ARCHIVES/$1-$2.tar" ]; }

# write_archive NAME KEY: from localhost/NAME:dev; older archives of the name are dropped, they are hundreds of megabytes each.
write_archive() {
  local name=$1 key=$2
  mkdir -p "$ARCHIVES"
  find "$ARCHIVES" -name "$name-*.tar*" -delete
  builder push "localhost/$name:dev" "docker-archive:$ARCHIVES/$name-$key.tar.partial:localhost/$name:dev"
  mv "$ARCHIVES/$name-$key.tar.partial" "$ARCHIVES/$name-$key.tar"
  ln -sfn "$name-$key.tar" "$ARCHIVES/$name.tar"
}
