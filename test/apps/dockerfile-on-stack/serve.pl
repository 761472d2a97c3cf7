# A web server with what every stack image has: Debian's perl-base.
use strict;
use warnings;
use IO::Socket::INET;

$| = 1;
$SIG{TERM} = sub { exit 0 };
$SIG{PIPE} = 'IGNORE';
open my $file, '<', '/app/greeting.txt' or die "no greeting: $!";
my $body = <$file>;
my $port = $ENV{PORT} || 5000;
my $listener = IO::Socket::INET->new(LocalPort => $port, Listen => 64, ReuseAddr => 1) or die "cannot listen: $!";
print "listening on $port\n";
while (1) {
  my $client = $listener->accept or next;
  while (my $line = <$client>) { last if $line =~ /^\r?\n$/ }
  print $client "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: " . length($body) . "\r\nconnection: close\r\n\r\n$body";
  close $client;
}
