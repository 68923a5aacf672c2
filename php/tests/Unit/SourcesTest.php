<?php

declare(strict_types=1);

namespace Bellpush\Tests\Unit;

use PHPUnit\Framework\TestCase;

/** That this PHP understands every file of the package, also those that no other test can load here. */
final class SourcesTest extends TestCase
{
    public function testEveryFileParses(): void
    {
        $parsed = 0;
        foreach (['src', 'codeigniter3'] as $folder) {
            $root = dirname(__DIR__, 2) . "/$folder";
            $files = new \RecursiveDirectoryIterator($root, \FilesystemIterator::SKIP_DOTS);
            foreach (new \RecursiveIteratorIterator($files) as $file) {
                try {
                    token_get_all(file_get_contents((string) $file), TOKEN_PARSE);
                } catch (\ParseError $error) {
                    $this->fail("$file:{$error->getLine()}: {$error->getMessage()}");
                }
                $parsed++;
            }
        }
        $this->assertGreaterThan(20, $parsed);
    }
}
