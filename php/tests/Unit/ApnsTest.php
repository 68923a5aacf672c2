<?php

declare(strict_types=1);

namespace Bellpush\Tests\Unit;

use Bellpush\Client;
use Bellpush\Http\Failure;
use Bellpush\Job;
use Bellpush\Report;
use Bellpush\Tests\Answers;
use Bellpush\Tests\FakeTransport;
use Bellpush\Tests\Site;
use PHPUnit\Framework\TestCase;

/** What the library for CodeIgniter makes of the old call and of the sidecar's answers. */
final class ApnsTest extends TestCase
{
    /** The report of two tokens that were accepted. */
    private const FINE = [
        'counts' => ['accepted' => 2, 'rejected' => 0] + Answers::COUNTS, 'results' => [],
    ] + Answers::REPORT;

    /** @var FakeTransport */
    private $sidecar;

    /**
     * @param array<int, mixed> $answers
     * @param array<string, mixed> $config
     */
    private function site(array $answers, array $config = []): \Apns
    {
        $this->sidecar = new FakeTransport($answers);

        return new Site(new Client('http://127.0.0.1:8195', ['retryFor' => 0], $this->sidecar), $config);
    }

    private function asked(): string
    {
        return $this->sidecar->asked[0]->body;
    }

    public function testTheDictionaryOfOldGoesIntoAPayload(): void
    {
        $this->site([FakeTransport::json(200, self::FINE)])->send(['aa', 'bb'], ['alert' => 'Ding dong', 'badge' => 1]);
        $this->assertSame('{"tokens":["aa","bb"],"payload":{"aps":{"alert":"Ding dong","badge":1}}}', $this->asked());
    }

    public function testAWholePayloadStaysAsItIs(): void
    {
        $this->site([FakeTransport::json(200, self::FINE)])->send(['aa', 'bb'], ['door' => 7, 'aps' => []]);
        $this->assertSame('{"tokens":["aa","bb"],"payload":{"door":7,"aps":{}}}', $this->asked());
    }

    public function testTokensAreFoundWhateverTheirSpellingAndPushedToOnce(): void
    {
        $report = ['results' => [['token' => 'bb'] + Answers::REJECTED]] + Answers::REPORT;
        $rows = [(object) ['deviceToken' => '<AA>'], ['deviceToken' => 'B B'], 'aa'];
        $outcomes = $this->site([FakeTransport::json(200, $report)])->send($rows, ['alert' => 'x']);

        $this->assertSame('{"tokens":["aa","bb"],"payload":{"aps":{"alert":"x"}}}', $this->asked());
        $this->assertSame(['<AA>' => true, 'B B' => false, 'aa' => true], $outcomes);
    }

    public function testTokensOfDigitsOnlyAreFoundToo(): void
    {
        $results = [['token' => '11', 'outcome' => 'rejected'], ['token' => '22', 'outcome' => 'inDoubt']];
        $counts = ['accepted' => 1, 'rejected' => 1, 'inDoubt' => 1] + Answers::COUNTS;
        $report = ['total' => 3, 'counts' => $counts, 'results' => $results] + Answers::REPORT;
        $outcomes = $this->site([FakeTransport::json(200, $report)])->send(['11', '22', '33'], ['alert' => 'x']);
        $this->assertSame(['11' => false, '22' => null, '33' => true], $outcomes);
    }

    public function testASingleTokenOrRowHasASingleAnswer(): void
    {
        $one = ['counts' => ['accepted' => 1, 'rejected' => 0] + Answers::COUNTS, 'results' => []] + Answers::REPORT;
        $apns = $this->site([FakeTransport::json(200, $one), FakeTransport::json(200, $one)]);
        $this->assertTrue($apns->send('aa', ['alert' => 'x']));
        $this->assertTrue($apns->send(['client_id' => 7, 'deviceToken' => 'aa'], ['alert' => 'x']));
    }

    public function testARowWithoutATokenIsARowAndNoList(): void
    {
        $rejected = ['results' => [['token' => ''] + Answers::REJECTED]] + Answers::REPORT;
        $apns = $this->site([FakeTransport::json(200, $rejected)]);
        $this->assertFalse($apns->send(['client_id' => 7, 'deviceToken' => null], ['alert' => 'x']));
        $this->assertSame('{"tokens":[""],"payload":{"aps":{"alert":"x"}}}', $this->asked());
    }

    public function testNobodyIsAskedForNobody(): void
    {
        $this->assertSame([], $this->site([])->send([], ['alert' => 'x']));
        $this->assertCount(0, $this->sidecar->asked);
    }

    public function testNothingIsCalledAcceptedThatDoesNotAddUp(): void
    {
        $counts = ['accepted' => 1] + self::FINE['counts'];
        $site = $this->site([FakeTransport::json(200, ['counts' => $counts] + self::FINE)]);
        $outcomes = $site->send(['aa', 'bb'], ['alert' => 'x']);
        $this->assertSame(['aa' => null, 'bb' => null], $outcomes);
    }

    public function testAJobIsWaitedForAndItsResultsAreRead(): void
    {
        $apns = $this->site([
            FakeTransport::json(202, Answers::JOB),
            FakeTransport::json(200, Answers::JOB),
            FakeTransport::json(200, Answers::FINISHED),
            FakeTransport::json(200, ['results' => [Answers::REJECTED], 'next' => null]),
        ]);
        $this->assertSame(['aa' => true, 'bb' => false], $apns->send(['aa', 'bb'], ['alert' => 'x']));
        $this->assertInstanceOf(Job::class, $apns->last());
    }

    public function testAJobThatIsNotOverInTimeLeavesOpenWhatIsNotKnown(): void
    {
        $job = FakeTransport::json(200, ['counts' => ['accepted' => 0] + Answers::COUNTS] + Answers::JOB);
        $results = FakeTransport::json(200, ['results' => [Answers::REJECTED], 'next' => null]);
        $apns = $this->site([FakeTransport::json(202, Answers::JOB), $job, $results], ['wait' => 0]);
        $this->assertSame(['aa' => null, 'bb' => false], $apns->send(['aa', 'bb'], ['alert' => 'x']));
    }

    public function testClientsGetAReport(): void
    {
        $apns = $this->site([FakeTransport::json(200, Answers::REPORT)]);
        $report = $apns->sendToClients([7, '8'], ['alert' => 'x']);
        $this->assertInstanceOf(Report::class, $report);
        $this->assertSame('{"clientIds":["7","8"],"payload":{"aps":{"alert":"x"}}}', $this->asked());
        $this->assertSame([$report, null, []], [$apns->last(), $apns->error(), Site::$log]);
    }

    public function testAFailureIsFalseAndLoggedAndForgottenByTheNextCall(): void
    {
        $apns = $this->site([Failure::refused('http://127.0.0.1:8195'), FakeTransport::json(200, self::FINE)]);
        $this->assertFalse($apns->send(['aa', 'bb'], ['alert' => 'x']));
        $this->assertNull($apns->last());
        $this->assertSame('BELLPUSH_SIDECAR_UNREACHABLE', $apns->error()->getErrorCode());
        $this->assertSame([['error', 'apns: ' . $apns->error()->getMessage()]], Site::$log);

        $this->assertSame(['aa' => true, 'bb' => true], $apns->send(['aa', 'bb'], ['alert' => 'x']));
        $this->assertNull($apns->error());
    }

    public function testWhatMayHaveBeenPushedIsNotCalledRefused(): void
    {
        $silence = Failure::silent('http://127.0.0.1:8195', 30);
        $apns = $this->site([$silence, $silence, FakeTransport::problem(500, 'BELLPUSH_UNEXPECTED', 'A bug.')]);
        $this->assertSame(['aa' => null, 'bb' => null], $apns->send(['aa', 'bb'], ['alert' => 'x']));
        $this->assertSame('BELLPUSH_SIDECAR_SILENT', $apns->error()->getErrorCode());
        $this->assertNull($apns->sendToClients(7, ['alert' => 'x']));
        $this->assertNull($apns->send('aa', ['alert' => 'x']));
        $this->assertCount(3, Site::$log);
    }

    public function testAJobThatCannotBeWaitedForGoesOn(): void
    {
        $refused = Failure::refused('http://127.0.0.1:8195');
        $apns = $this->site([FakeTransport::json(202, Answers::JOB), $refused, $refused]);
        $this->assertSame(['aa' => null, 'bb' => null], $apns->send(['aa', 'bb'], ['alert' => 'x']));
        $this->assertSame('f00', $apns->last()->id);
        $this->assertTrue($apns->error()->isRefused());
        $this->assertCount(2, Site::$log);
    }

    /** @return array<string, array{mixed}> */
    public function noData(): array
    {
        return ['text' => ['Ding dong'], 'nothing' => [null], 'an empty array' => [[]]];
    }

    /**
     * @dataProvider noData
     * @param mixed $data
     */
    public function testDataThatIsNoneIsAMistakeAndNoError($data): void
    {
        $apns = $this->site([]);
        $this->assertFalse($apns->send('aa', $data));
        $this->assertSame('BELLPUSH_OPTION_INVALID', $apns->error()->getErrorCode());
    }

    public function testAPushThatWasStoppedIsLogged(): void
    {
        $stopped = ['code' => 'BELLPUSH_MOSTLY_INVALID', 'detail' => 'Most were invalid.'];
        $site = $this->site([FakeTransport::json(200, ['stopped' => $stopped] + self::FINE)]);
        $site->sendToClients(7, ['alert' => 'x']);
        $message = 'apns: the push was stopped: Most were invalid. (BELLPUSH_MOSTLY_INVALID)';
        $this->assertSame([['error', $message]], Site::$log);
    }

    public function testAConfigurationThatCannotBeUsedIsAFailureOfTheCallAndNotOfThePage(): void
    {
        Site::$log = [];
        $apns = new \Apns(['url' => 'localhost', 'key' => 's3cret']);
        $this->assertFalse($apns->send('aa', ['alert' => 'x']));
        $this->assertStringContainsString('must be a URL', Site::$log[0][1]);
        $this->assertStringNotContainsString('s3cret', print_r($apns, true));
    }
}
