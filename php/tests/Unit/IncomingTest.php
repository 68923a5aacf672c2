<?php

declare(strict_types=1);

namespace Bellpush\Tests\Unit;

use Bellpush\Exception\AnswerException;
use Bellpush\Http\Bytes;
use Bellpush\Http\Incoming;
use Bellpush\Http\Received;
use Bellpush\Http\Transport;
use PHPUnit\Framework\TestCase;

/** Where an answer ends, as bytes come. With `mbstring.func_overload` PHP counts characters, and this must not. */
final class IncomingTest extends TestCase
{
    private const ADDRESS = 'http://127.0.0.1:8195';
    private const HEAD = "HTTP/1.1 200 OK\r\nX-Door: ♪\r\ncontent-LENGTH: 7\r\n\r\n";

    private static function of(string ...$pieces): Incoming
    {
        $incoming = new Incoming(self::ADDRESS);
        foreach ($pieces as $piece) {
            $incoming->add($piece);
        }

        return $incoming;
    }

    public function testAnAnswerIsTheSameInWhateverPiecesItComes(): void
    {
        $text = self::HEAD . '"♪ü"';
        for ($at = 0; $at <= Bytes::length($text); $at++) {
            $incoming = self::of(Bytes::from($text, 0, $at));
            $this->assertSame($at === Bytes::length($text), $incoming->isWhole(), "cut at $at");
            $incoming->add(Bytes::from($text, $at));
            $this->assertTrue($incoming->isWhole());
            $incoming->checkEnd();
            $head = $incoming->head();
            $this->assertSame([200, '♪'], [$head->status, $head->header('x-door')]);
            $this->assertSame(['"♪ü"', 0], [$incoming->takeBody(), $incoming->waiting()]);
        }
    }

    public function testABodyMayBeTakenPieceByPiece(): void
    {
        $incoming = self::of(self::HEAD . '"♪');
        $this->assertSame('"♪', $incoming->takeBody());
        $this->assertFalse($incoming->isWhole());
        $incoming->add('ü"');
        $this->assertSame([true, 'ü"'], [$incoming->isWhole(), $incoming->takeBody()]);
    }

    public function testWithoutALengthABodyGoesOnUntilTheConnectionEnds(): void
    {
        $incoming = self::of("HTTP/1.0 200 OK\r\n\r\nabc");
        $this->assertFalse($incoming->isWhole());
        $incoming->checkEnd();
        $this->assertSame('abc', $incoming->takeBody());
    }

    public function testNoContentHasNoBody(): void
    {
        $this->assertTrue(self::of("HTTP/1.1 204 No Content\r\n\r\n")->isWhole());
    }

    /** @return array<string, array{string, string}> */
    public function notWhole(): array
    {
        return [
            'nothing' => ['', 'the headers are not complete'],
            'a part of a header' => ["HTTP/1.1 200 OK\r\nContent-Le", 'the headers are not complete'],
            'a part of the body' => [self::HEAD . '"♪', '4 bytes of 7'],
            'another protocol' => ["220 mail.example.org ESMTP\r\n", 'does not speak HTTP'],
        ];
    }

    /** @dataProvider notWhole */
    public function testAnEndThatIsTooEarly(string $text, string $message): void
    {
        $incoming = self::of($text);
        $this->expectException(AnswerException::class);
        $this->expectExceptionMessage($message);
        $incoming->checkEnd();
    }

    public function testHeadersWithoutEndAreRefused(): void
    {
        $this->expectException(AnswerException::class);
        $this->expectExceptionMessage('longer than 65536 bytes');
        self::of("HTTP/1.1 200 OK\r\n", str_repeat('x', Transport::MAX_HEAD));
    }

    public function testCurlIsToldBytes(): void
    {
        $received = new Received();
        $length = static function (string $text): int {
            return count(unpack('C*', $text));
        };
        foreach (["HTTP/1.1 200 OK\r\n", "X-Door: ♪\r\n", "\r\n"] as $line) {
            $this->assertSame($length($line), $received->addLine($line));
        }
        $this->assertSame(3, $received->addBody('♪'));
        $this->assertSame([true, 200, '♪'], [$received->hasHead(), $received->status, $received->takeBody()]);
    }

    public function testWhatOnlyAnnouncesAnAnswerIsNone(): void
    {
        $received = new Received();
        foreach (["HTTP/1.1 103 Early Hints\r\n", "X: y\r\n", "\r\n"] as $line) {
            $received->addLine($line);
        }
        $this->assertFalse($received->hasHead());
    }
}
