using System.Collections.Concurrent;
using System.Text;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Edge.Smuggling;

/// <summary>
/// Whatever a client sends over HTTP/1.1, the backend gets one request that can be read in one way, or none, and no other client gets its
/// response.
/// </summary>
public sealed class SmugglingTests(SmugglingFixture fixture) : IClassFixture<SmugglingFixture>
{
    public static TheoryData<string> Families => [.. Http1Corpus.Families.Keys];

    [Fact]
    public void The_corpus_has_its_size_and_no_variant_twice()
    {
        var variants = Http1Corpus.Families.Values.SelectMany(family => family).ToArray();

        Assert.InRange(variants.Length, 850, 999);
        Assert.DoesNotContain(variants.CountBy(variant => variant.Name), name => name.Value > 1);
        Assert.Empty(variants.GroupBy(variant => variant.Bytes).Where(same => same.Count() > 1).Select(same => string.Join(" | ", same.Select(variant => variant.Name))));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public async Task One_request_arrives_framed_once_or_none(string family)
    {
        var problems = new ConcurrentQueue<string>();
        await Parallel.ForEachAsync(Http1Corpus.Families[family], new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (variant, _) =>
        {
            var number = fixture.NextNumber();
            var responses = await SendAsync(SmugglingVariant.Numbered(variant.Bytes, number), number);
            if (await fixture.ProblemOfAsync(number, variant.Outcome) is { } problem)
                problems.Enqueue($"{variant.Name}: {problem}; responses: {responses}");
        });

        Assert.True(problems.IsEmpty, $"{problems.Count} of {Http1Corpus.Families[family].Length}:\n{string.Join('\n', problems)}");
        Assert.Empty(fixture.Backend.Violations);
    }

    /// <summary>Sends a variant and a valid request behind it, and returns the status lines that come back.</summary>
    private async Task<string> SendAsync(string bytes, int number)
    {
        await using var connection = await WireConnection.ConnectAsync(fixture.HttpPort);
        var received = new StringBuilder();
        try
        {
            await connection.SendAsync(bytes);
            var reading = ReadAsync(connection, received);
            // A variant without a response waits for the rest of its body: the next request must not become a part of it.
            if (await SmugglingFixture.HasRepliedAsync(reading, received))
                await connection.SendAsync($"GET /after/{number} HTTP/1.1\r\nHost: {SmugglingVariant.Host}\r\nConnection: close\r\n\r\n");
            else
                connection.ShutdownSend();
            await reading;
        }
        catch (IOException)
        {
            // The proxy has ended the connection.
        }

        return string.Join(", ", received.ToString().Split("\r\n").Where(line => line.StartsWith("HTTP/1.1 ", StringComparison.Ordinal)));
    }

    private static async Task ReadAsync(WireConnection connection, StringBuilder received)
    {
        var buffer = new byte[4096];
        while (await connection.Stream.ReadAsync(buffer).AsTask().WaitAsync(TimeSpan.FromSeconds(15)) is var count and > 0)
        {
            lock (received)
                received.Append(Encoding.Latin1.GetString(buffer, 0, count));
        }
    }
}
