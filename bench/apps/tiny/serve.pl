# The smallest web server of bench/hosts, with what every stack image has:
# Debian's perl-base. Answers with its host name, so that one can tell who answered.
use strict;
use warnings;
use IO::Socket::INET;

$SIG{TERM} = sub { exit 0 };
$SIG{PIPE} = 'IGNORE';
open my $file, '<', '/proc/sys/kernel/hostname' or die "no host name: $!";
my $body = <$file>;
my $port = $ENV{PORT} || 8080;
my $listener = IO::Socket::INET->new(LocalPort => $port, Listen => 64, ReuseAddr => 1) or die "cannot listen: $!";
while (1) {
  my $client = $listener->accept or next;
  while (my $line = <$client>) { last if $line =~ /^\r?\n$/ }
  print $client "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: " . length($body) . "\r\nconnection: close\r\n\r\n$body";
  close $client;
}
