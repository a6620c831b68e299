# shellcheck shell=bash disable=SC2034,SC2317,SC2329	# its users read the variables, call the functions
# SPDX-License-Identifier: BSD-3-Clause
#
# archives.bash - archives of images as others make them; to be sourced after container.bash

W=/archives
mkdir $W && chmod 755 $W && cd $W || exit 1
arch=$(uname -m); arch=${arch/x86_64/amd64}; arch=${arch/aarch64/arm64}

layer() { # layer FILE: an archive of the entries on standard input, blanks for tabs
	sed 's/ \+/\t/g' | "$tests/import/make-tar" >"$1"
}
sha() { sha256sum "$1" | cut -d' ' -f1; }

# The configuration of an image with these layers; what is in "config" comes from CONFIG.
make_config() { # make_config FILE LAYER...
	local file=$1 ids='' l; shift
	for l; do ids+="${ids:+,}\"sha256:$(sha "$l")\""; done
	printf '{"architecture":"%s","os":"%s","config":%s,"rootfs":{"type":"layers","diff_ids":[%s]}}' \
		"${ARCH:-$arch}" "${OS:-linux}" "${CONFIG:-{\}}" "$ids" >"$file"
}
docker_archive() { # docker_archive FILE NAME:TAG LAYER...: as "docker save" made it until 2023; sets ID
	local file=$1 name=$2 t=$W/docker.tmp layers='' l n; shift 2
	rm -rf $t && mkdir $t && make_config $t/config "$@" && ID=$(sha $t/config) && mv $t/config "$t/$ID.json"
	for l; do
		n=$(sha "$l" | tr 0-9a-f a-f0-9)
		mkdir -p "$t/$n" && cp "$l" "$t/$n/layer.tar" && echo 1.0 >"$t/$n/VERSION"
		layers+="${layers:+,}\"$n/layer.tar\""
	done
	printf '[{"Config":"%s.json","RepoTags":["%s"],"Layers":[%s]}]' "$ID" "$name" "$layers" >$t/manifest.json
	tar -C $t -cf "$file" . && rm -rf $t
}
blob() { # blob DIR FILE TYPE [MORE]: a descriptor of the blob that FILE becomes
	local h; h=$(sha "$2")
	cp "$2" "$1/blobs/sha256/$h" &&
	printf '{"mediaType":"application/vnd.oci.image.%s","digest":"sha256:%s","size":%d%s}' "$3" "$h" \
		"$(stat -c %s "$2")" "${4:-}"
}
oci_manifest() { # oci_manifest DIR LAYER...: with compressed layers; MANIFEST is its file, ID the image's
	local dir=$1 l layers=''; shift
	mkdir -p "$dir/blobs/sha256" && make_config $W/config.tmp "$@" && ID=$(sha $W/config.tmp)
	for l; do
		${COMPRESS:-gzip -nc} "$l" >$W/layer.tmp
		layers+="${layers:+,}$(blob "$dir" $W/layer.tmp layer.v1.tar+gzip)"
	done
	MANIFEST=$W/manifest.tmp
	printf '{"schemaVersion":2,"config":%s,"layers":[%s]}' "$(blob "$dir" $W/config.tmp config.v1+json)" \
		"$layers" >$MANIFEST
}
oci_index() { # oci_index DIR DESCRIPTORS
	echo '{"imageLayoutVersion":"1.0.0"}' >"$1/oci-layout"
	printf '{"schemaVersion":2,"manifests":[%s]}' "$2" >"$1/index.json"
}

imports() { # imports DESC ARG...: into the store; sets ID to what is printed
	local desc=$1; shift
	t_run shifterctl import "$@"
	ID=$(sed -n 's/^id://p' <<<"$T_OUT")
	if [ "$T_RC" = 0 ] && [[ $ID =~ ^[0-9a-f]{64}$ ]] && [ -f "$IMG/$ID.squashfs" ] && [ -f "$IMG/$ID.meta" ]; then
		pass "$desc"
	else
		t_failed "$desc" '0, and an id of the store' shifterctl import "$@"
	fi
}
# listing ID: modes, owners, types, links and times of what is in the image
listing() { unsquashfs -lln "$IMG/$1.squashfs" | sed -n 's/ squashfs-root\// /p'; }
contents() { unsquashfs -cat "$IMG/$1.squashfs" "$2"; }
in_store() { find $IMG -mindepth 1 | sort; }
left_over() { find $IMG $W /home/alice -name '.import-*' 2>/dev/null; }
# bad RC REGEX DESC CMD...: fails with RC and one line, and leaves nothing behind
bad() {
	local rc=$1 regex=$2 desc=$3 before why=; shift 3
	before=$(in_store)
	if declare -F "$1" >/dev/null; then t_run "$@"; else t_run timeout 60 "$@"; fi
	[ "$T_RC" = "$rc" ] || why="exit status $T_RC, wanted $rc"
	[ "$(wc -l <<<"$T_OUT")" = 1 ] || why+=' not one line'
	[[ $T_OUT =~ $regex ]] || why+=" not like '$regex'"
	[ "$(in_store)" = "$before" ] || why+=" left in the store: $(diff <(in_store) <(echo "$before"))"
	[ -z "$(left_over)" ] || why+=" left: $(left_over)"
	if [ -z "$why" ]; then pass "$desc"; else fail "$desc" "$why
output: $T_OUT"; fi
}
