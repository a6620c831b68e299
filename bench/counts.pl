#!/usr/bin/perl
# SPDX-License-Identifier: BSD-3-Clause
#
# counts.pl WORK < TRACE - what the calls of `strace -f -yy` ask of others; see bench/counts
use strict;
use warnings;

my $work = shift;
my %class = (
	# a path to be followed, its last component to be opened or looked at
	map({ $_ => 'open' } qw(open openat openat2 open_tree execve chdir mkdirat access faccessat
		faccessat2 readlink readlinkat)),
	map({ $_ => 'stat' } qw(stat lstat fstat newfstatat statx statfs fstatfs)),
	getdents64 => 'list',
	map({ $_ => 'read' } qw(read pread64 readv)),
);
my %tree = (images => 'images', home => 'home', shared => 'udiImage');
my %count = map { $_ => 0 } qw(system_calls programs dns name_service connections);
my (%unfinished, %in_image);

# The file that a call is about, by its first arguments; "" if that is not one of the node's.
sub file_of
{
	my $arguments = shift;

	return $1 if $arguments =~ /^"([^"]*)"/;
	return '' unless $arguments =~ /^(AT_FDCWD|\d+)<([^>]*)>(?:, "([^"]*)")?/;
	my ($fd, $directory, $path) = ($1, $2, $3 // '');
	return $directory if $path eq '';
	# with a root of its own, as the image's: openat2(2)
	return $fd eq 'AT_FDCWD' ? $path : '' if $path =~ m{^/};
	return "$directory/$path";
}

while (<STDIN>) {
	s/^(\d+) +// or next;
	my $pid = $1;
	if (/^<\.\.\. \w+ resumed>/) {
		my $tree = delete $unfinished{$pid};
		$count{programs}++ if /^<\.\.\. execve resumed>.*= 0$/;
		$count{"${tree}_bytes"} += $1 if $tree && /= (\d+)$/;
		next;
	}
	my ($name, $arguments) = /^(\w+)\((.*)/ or next;
	my $class = $class{$name} // '';
	my ($fd) = $arguments =~ /^(\d+)</;
	# what was found in the image is not the node's file of that name
	$in_image{$pid, $1} = 1 if $name eq 'openat2' && /RESOLVE_IN_ROOT.* = (\d+)</;
	my $is_of_image = defined $fd && $in_image{$pid, $fd};
	delete $in_image{$pid, $fd} if $name eq 'close' && $is_of_image;
	my $tree = !$is_of_image && file_of($arguments) =~ m{^/+(images|home|shared)(?:/|$)} ? $tree{$1} : '';

	$count{system_calls}++;
	$count{programs}++ if $name eq 'execve' && /= 0$/;
	$count{"${tree}_$class"}++ if $tree && $class;
	if ($tree && $class eq 'read') {
		$count{"${tree}_bytes"} += $1 if /= (\d+)$/;
		$unfinished{$pid} = $tree if /<unfinished/;
	}
	next unless $name eq 'connect';
	$count{dns}++ if /_port=htons\(53\)/;
	$count{name_service}++ if /sun_path="[^"]*(nscd|nslcd|sss|userdb)/;
	# by UDP a C library sorts addresses, and sends nothing
	$count{connections}++ if $arguments =~ /^\d+<TCP/ && !/"(::|0\.0\.0\.0)"/;
}
printf "%s\t%s\t%d\n", $work, $_, $count{$_} for sort keys %count;
