using System.Globalization;
using System.Text;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Edge.Smuggling;

/// <summary>One proxy and one recording backend for all variants.</summary>
public sealed class SmugglingFixture : IAsyncLifetime
{
    /// <summary>The time in which a proxy replies to what it has understood as a whole request.</summary>
    private static readonly TimeSpan ReplyTime = TimeSpan.FromMilliseconds(200);

    private TestController? _controller;
    private int _number;

    internal RecordingBackend Backend { get; } = new();

    internal int HttpPort => _controller!.HttpPort;

    internal int HttpsPort => _controller!.HttpsPort;

    public async Task InitializeAsync() => _controller = await TestController.StartAsync(
        Manifests.Service("front", [Backend.Port]) + Manifests.Ingress("front", SmugglingVariant.Host, "front"));

    public async Task DisposeAsync()
    {
        await _controller!.DisposeAsync();
        await Backend.DisposeAsync();
    }

    internal int NextNumber() => Interlocked.Increment(ref _number);

    /// <summary>True if there is a final response, or the end of the connection, within the time of a reply.</summary>
    internal static async Task<bool> HasRepliedAsync(Task reading, StringBuilder received)
    {
        for (var waited = TimeSpan.Zero; waited < ReplyTime; waited += TimeSpan.FromMilliseconds(5))
        {
            lock (received)
            {
                if (received.ToString().Replace("HTTP/1.1 100 ", "", StringComparison.Ordinal).Contains("HTTP/1.1 ", StringComparison.Ordinal))
                    return true;
            }

            if (await Task.WhenAny(reading, Task.Delay(5)) == reading)
                return true;
        }

        return false;
    }

    /// <summary>What has gone wrong with a variant; null for nothing.</summary>
    internal async Task<string?> ProblemOfAsync(int number, Outcome outcome)
    {
        // The second client shares the connections to the backend with the variant.
        var probe = await WireConnection.ExchangeAsync(HttpPort, $"GET /probe/{number} HTTP/1.1\r\nHost: {SmugglingVariant.Host}\r\nConnection: close\r\n\r\n");
        if (probe.Status != 200 || probe.Body != $"/probe/{number}")
            return $"the second client got {probe.Status} {probe.Body}";
        var (path, smuggled) = (SmugglingVariant.Numbered(SmugglingVariant.Path, number), SmugglingVariant.Numbered(SmugglingVariant.Smuggled, number));
        if (Backend.Heads.Any(head => head.Target.Contains(smuggled, StringComparison.Ordinal)))
            return "the smuggled request arrived";
        if (Backend.Heads.FirstOrDefault(head => head.Fields.Any(field => field.Value.Contains("other.example", StringComparison.Ordinal) && field.Name == "Host")) is { } other)
            return $"arrived for {string.Join(" | ", other.All("Host"))}";
        var count = Backend.Requests.Count(request => request.Target.Contains(path, StringComparison.Ordinal));
        return outcome switch
        {
            Outcome.Arrives when count != 1 => string.Create(CultureInfo.InvariantCulture, $"arrived {count} times"),
            Outcome.Refused when count != 0 => "arrived",
            _ when count > 1 => string.Create(CultureInfo.InvariantCulture, $"arrived {count} times"),
            _ => null,
        };
    }
}
