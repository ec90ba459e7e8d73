using System.Collections.Concurrent;
using System.Text;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Edge.Smuggling;

/// <summary>
/// Whatever a client sends over HTTP/2, the backend gets one HTTP/1.1 request that can be read in one way, or none, and no other client gets
/// its response.
/// </summary>
public sealed class Http2SmugglingTests(SmugglingFixture fixture) : IClassFixture<SmugglingFixture>
{
    public static TheoryData<string> Families => [.. Http2Corpus.Families.Keys];

    [Fact]
    public void The_corpus_has_its_size_and_no_variant_twice()
    {
        var variants = Http2Corpus.Families.Values.SelectMany(family => family).ToArray();

        Assert.InRange(variants.Length, 350, 999);
        Assert.DoesNotContain(variants.CountBy(variant => variant.Name), name => name.Value > 1);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public async Task One_request_arrives_framed_once_or_none(string family)
    {
        var problems = new ConcurrentQueue<string>();
        await Parallel.ForEachAsync(Http2Corpus.Families[family], new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (variant, _) =>
        {
            var number = fixture.NextNumber();
            var end = await SendAsync(variant, number);
            if (await fixture.ProblemOfAsync(number, variant.Outcome) is { } problem)
                problems.Enqueue($"{variant.Name}: {problem}; response: {end}");
        });

        Assert.True(problems.IsEmpty, $"{problems.Count} of {Http2Corpus.Families[family].Length}:\n{string.Join('\n', problems)}");
        Assert.Empty(fixture.Backend.Violations);
    }

    /// <summary>Sends a variant as the first stream of a connection, and returns the types of the frames that come back.</summary>
    private async Task<string> SendAsync(Http2Variant variant, int number)
    {
        await using var connection = await Http2WireConnection.ConnectAsync(fixture.HttpsPort);
        var ended = new StringBuilder();
        try
        {
            await connection.HeadAsync(1, Numbered(variant.Fields, number), variant is { Data: [], Trailers: null });
            foreach (var (index, data) in variant.Data.Index())
                await SendDataAsync(connection, SmugglingVariant.Numbered(data, number), variant.Trailers is null && index == variant.Data.Length - 1);
            if (variant.Trailers is { } trailers)
                await connection.HeadAsync(1, Numbered(trailers, number));
            if (variant.DataAfterEnd is { } late)
                await SendDataAsync(connection, SmugglingVariant.Numbered(late, number), endsStream: true);
            // Its acknowledgement comes after all frames are read; a response of the backend may take longer.
            while (await connection.ReadSignificantAsync() is { } frame)
            {
                ended.Append(frame.Type).Append(' ');
                if (frame.Stream == 1 && (frame.EndsStream || frame.Type == Http2FrameType.RstStream))
                    break;
            }
        }
        catch (IOException)
        {
            ended.Append("closed");
        }

        return ended.ToString();
    }

    private static (string, string)[] Numbered((string Name, string Value)[] fields, int number) =>
        [.. fields.Select(field => (SmugglingVariant.Numbered(field.Name, number), SmugglingVariant.Numbered(field.Value, number)))];

    private static Task SendDataAsync(Http2WireConnection connection, string data, bool endsStream) =>
        connection.SendAsync(Http2FrameType.Data, (byte)(endsStream ? 1 : 0), 1, Encoding.Latin1.GetBytes(data));
}
