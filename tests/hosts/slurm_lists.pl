# SPDX-License-Identifier: BSD-3-Clause
#
# slurm_lists.pl SEED N ASKED WANTED - N Slurm host lists with counts, every form that
# scontrol knows; what scontrol makes of them goes to the file WANTED, in the form that
# expand prints, and the lists themselves to ASKED.
use strict;
use warnings;

my ($seed, $n, $asked, $wanted) = @ARGV;
srand $seed;

sub pick { return $_[rand @_] }

# One entry of a bracket, in the form "5", "07", "8-12", "098-102", and how many it is.
sub range {
	my $width = pick(0, 0, 2, 3, 5);
	my $low = int rand pick(3, 12, 120, 99999);
	return (sprintf('%0*d', $width, $low), 1) if rand() < 0.4;
	my $more = int rand pick(2, 5, 15);
	my $high = $low + $more;
	return (sprintf('%0*d-%0*d', $width, $low, $width, $high), $more + 1);
}

sub bracket {
	my ($text, $count) = ('', 0);
	for (1 .. pick(1, 1, 1, 2, 3, 5)) {
		my ($entry, $of) = range();
		$text .= ($text eq '' ? '' : ',') . $entry;
		$count += $of;
	}
	return ("[$text]", $count);
}

# A host, or several: nid007, n[1-3], x3000c0s[1,5]b[0-1]n[0-1], 1node[2-3], a-b-[1-2]
sub item {
	my $name = pick(qw(n nid nid0 node-a x3000c0s 1node a-b- login cn. R Z9));
	my $count = 1;
	return ($name . pick('a', 'x', '7', '007', '10', '0099'), 1) if rand() < 0.3;
	for (1 .. pick(1, 1, 1, 1, 2, 2, 3, 4)) {
		my ($text, $of) = bracket();
		last if $count * $of > 600;
		$name .= pick('', 'b', 'c-', 'r0') if $name =~ /\]$/;
		$name .= $text;
		$count *= $of;
	}
	$name .= 'q' unless $name =~ /\]$/;
	return ($name, $count);
}

# What the batch system's own hosts are told apart by: no name of a list is this.
my $between = 'zzbetween';
my (@lists, @batch);

sub ask {
	my $all = join ",$between,", map { $_->{text} } @batch;
	open my $scontrol, '-|', 'scontrol', 'show', 'hostnames', $all or die "scontrol: $!";
	my @answers = ([]);
	while (my $host = <$scontrol>) {
		chomp $host;
		if ($host eq $between) { push @answers, [] }
		else { push @{$answers[-1]}, $host }
	}
	close $scontrol or die "scontrol failed for '$all'";
	die "scontrol answered for " . @answers . " of " . @batch . " lists" if @answers != @batch;
	$batch[$_]{hosts} = $answers[$_] for 0 .. $#batch;
	@batch = ();
}

# 24(x3),12: runs of equal counts, sometimes written one by one
sub counts {
	my $left = shift;
	my (@texts, @counts);
	while ($left > 0) {
		my $run = 1 + int rand pick(1, 2, 4, $left);
		$run = $left if $run > $left;
		my $count = pick(1, 2, 4, 24, 128, 1 + int rand($run < 4 ? 65535 : 999));
		push @texts, $run > 1 ? "$count(x$run)" : rand() < 0.1 ? "$count(x1)" : $count;
		push @counts, ($count) x $run;
		$left -= $run;
	}
	return (join(',', @texts), \@counts);
}

my $length = 0;
while (@lists < $n) {
	my ($text, $count) = ('', 0);
	for (1 .. pick(1, 1, 1, 2, 3, 8)) {
		my ($item, $of) = item();
		$text .= ($text eq '' ? '' : ',') . $item;
		$count += $of;
	}
	push @lists, { text => $text, count => $count };
	push @batch, $lists[-1];
	$length += length $text;
	if ($length > 50000 || @lists == $n) {
		ask();
		$length = 0;
	}
}
open my $ask, '>', $asked or die "$asked: $!";
open my $want, '>', $wanted or die "$wanted: $!";
for my $list (@lists) {
	my @hosts = @{$list->{hosts}};
	my ($text, $counts) = counts(scalar @hosts);
	my (%slots, @names);
	die "'$list->{text}' has " . @hosts . " hosts, not $list->{count}" if @hosts != $list->{count};
	for my $i (0 .. $#hosts) {
		# a host named twice has the slots of both, whatever the case of its letters
		my $key = lc $hosts[$i];
		push @names, $hosts[$i] unless exists $slots{$key};
		$slots{$key} += $counts->[$i];
	}
	# more than the library takes for one host
	next if grep { $_ > 65535 } values %slots;
	print $ask "$list->{text} $text\n";
	print $want "$_ $slots{lc $_}\n" for @names;
	print $want "\n";
}
close $ask and close $want or die $!;
