#!/usr/bin/perl
# SPDX-License-Identifier: BSD-3-Clause
#
# wait-server.pl READY PEAK PRINCIPAL - whatever udi-wait may meet, for a network namespace of its own:
# port 1204 of every IPv4 address, a DNS server on 127.0.0.53 that knows one name, and one on 127.0.0.54 that
# never answers.  READY is made once it listens; PEAK holds the largest number of connections open at once.
# The last byte of the address that was called decides:
#
#   2 another job's sshd      4 says nothing      5 is no sshd           6 closes at once
#   7 a banner in two parts   8 any sshd          all others: the job's sshd
#
# Banners take 20 ms, as sshd's do.
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;
use Socket;
use Time::HiRes qw(time);

my ($ready, $peak_file, $principal) = @ARGV;

sub bind_to {
	return IO::Socket::INET->new(@_) || die "cannot bind: $!\n";
}

sub answer_query {
	my ($query) = @_;
	my ($name, $at) = ('', 12);
	while ((my $length = ord substr $query, $at, 1) > 0) {
		$name .= substr($query, $at + 1, $length) . '.';
		$at += $length + 1;
	}
	my $type = unpack 'n', substr $query, $at + 1, 2;
	my $known = $name eq 'in-the-dns.';
	my $count = $known && $type == 1 ? 1 : 0;
	my $reply = substr($query, 0, 2) . pack('n5', $known ? 0x8580 : 0x8583, 1, $count, 0, 0) .
		substr($query, 12, $at + 5 - 12);
	$reply .= pack('n3 N n', 0xc00c, 1, 1, 60, 4) . inet_aton('127.0.0.9') if $count;
	return $reply;
}

sub banner_for {
	my ($last) = @_;
	return "SSH-2.0-OpenSSH_9.2p1 udi.test.2.ffff\r\n" if $last == 2;
	return "220 mail ready\r\n" if $last == 5;
	return "SSH-2.0-OpenSSH_9.2p1\r\n" if $last == 8;
	return "SSH-2.0-OpenSSH_9.2p1 $principal\r\n";
}

my $dns = bind_to(LocalAddr => '127.0.0.53', LocalPort => 53, Proto => 'udp');
my $mute = bind_to(LocalAddr => '127.0.0.54', LocalPort => 53, Proto => 'udp');
my $listener = bind_to(LocalAddr => '0.0.0.0', LocalPort => 1204, Listen => 4096, ReuseAddr => 1);
my $select = IO::Select->new($dns, $listener);
my (%due, %sockets);
my $peak = 0;

sub note_peak {
	open my $file, '>', "$peak_file.new" or die "cannot write '$peak_file.new': $!\n";
	print $file "$peak\n";
	close $file;
	rename "$peak_file.new", $peak_file or die "cannot write '$peak_file': $!\n";
}

sub speak {
	my ($fd) = @_;
	my $socket = $sockets{$fd}{socket};
	my $last = $sockets{$fd}{last};
	my $text = banner_for($last);
	if ($last == 7 && !$sockets{$fd}{half}) {
		$sockets{$fd}{half} = 1;
		$due{$fd} = time + 0.05;
		syswrite $socket, substr $text, 0, 10;
		return;
	}
	delete $due{$fd};
	syswrite $socket, $last == 7 ? substr $text, 10 : $text;
}

$SIG{PIPE} = 'IGNORE';
note_peak();
open my $file, '>', $ready or die "cannot write '$ready': $!\n";
close $file;
while (1) {
	for my $handle ($select->can_read(%due ? 0.01 : undef)) {
		if ($handle == $dns) {
			my $from = recv $dns, my $query, 4096, 0;
			send $dns, answer_query($query), 0, $from if defined $from;
		} elsif ($handle == $listener) {
			my $socket = $listener->accept or next;
			my $last = unpack 'x3 C', $socket->sockaddr;
			next if $last == 6;
			my $fd = fileno $socket;
			$sockets{$fd} = { socket => $socket, last => $last };
			$due{$fd} = time + 0.02 unless $last == 4;
			$select->add($socket);
			if (keys %sockets > $peak) {
				$peak = keys %sockets;
				note_peak();
			}
		} else {
			sysread $handle, my $text, 256 and next;
			my $fd = fileno $handle;
			delete $due{$fd};
			$select->remove($handle);
			delete $sockets{$fd};
			close $handle;
		}
	}
	my $now = time;
	speak($_) for grep { $due{$_} <= $now } keys %due;
}
