using System.Text;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Proxy;

/// <summary>
/// Whatever bytes a client sends as Host or <c>:authority</c>: the backend receives exactly one host and it is that of the client, or the
/// request never arrives.
/// </summary>
public sealed class HostPropertyTests(HostFixture proxy) : IClassFixture<HostFixture>
{
    private const int Cases = 500;

    private static readonly string[] Seeds =
    [
        "app.example", "a.wild.example:80", "A_b.wild.example.", "127.0.0.1:8080", "[::1]:443", "x:", "", "unknown.example", new string('a', 250), "a..b",
    ];

    [Theory]
    [InlineData("/", 1)]
    [InlineData("/h2c", 2)]
    public async Task Any_bytes_in_Host_of_HTTP_1_1(string path, int seed)
    {
        var random = new Random(seed);
        var served = 0;
        for (var i = 0; i < Cases; i++)
        {
            // A line that ends is no longer part of the value.
            var host = Mutate(random).Replace("\r\n", "", StringComparison.Ordinal);
            if (host.EndsWith('\r'))
                continue;
            await using var connection = await proxy.ConnectAsync();
            await connection.SendAsync($"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
            served += Check(path, host.Trim(' ', '\t'), (await connection.ReadToEndAsync()).StartsWith("HTTP/1.1 200", StringComparison.Ordinal));
        }

        Assert.InRange(served, Cases / 10, Cases);
    }

    [Theory]
    [InlineData("/", ":authority", 3)]
    [InlineData("/h2c", ":authority", 4)]
    [InlineData("/", "host", 5)]
    [InlineData("/h2c", "host", 6)]
    public async Task Any_bytes_in_the_authority_of_HTTP_2(string path, string field, int seed)
    {
        var random = new Random(seed);
        var served = 0;
        // One connection for all: an invalid host ends its own stream only.
        await using var client = await Http2WireConnection.ConnectAsync(proxy.Controller.HttpsPort);
        var reader = new HpackReader();
        for (var i = 0; i < Cases; i++)
        {
            var host = Mutate(random);
            await client.HeadAsync((2 * i) + 1, [(":method", "GET"), (":scheme", "https"), (":path", path), (field, host)]);
            var status = await Http2FieldTests.StatusOfAsync(client, (2 * i) + 1, reader);
            Assert.Contains(status, field == ":authority" ? ["200", "400"] : (string[])["200", "400", "reset"]);
            served += Check(path, host, status == "200");
        }

        Assert.InRange(served, Cases / 10, Cases);
    }

    private int Check(string path, string host, bool isServed)
    {
        var received = proxy.TakeHosts(path);
        if (!isServed)
        {
            Assert.True(received.Length == 0, $"refused, but it arrived: {Escape(host)} as {Escape(string.Join(" | ", received.SelectMany(hosts => hosts)))}");
            return 0;
        }

        Assert.Equal([host], Assert.Single(received));
        return 1;
    }

    private static string Mutate(Random random)
    {
        const string Likely = "a-_.:0:.[]!$&'()~%@/\\#, \t\r\n\0";
        var host = new StringBuilder(Seeds[random.Next(Seeds.Length)]);
        for (var changes = random.Next(4); changes > 0; changes--)
        {
            var at = random.Next(host.Length + 1);
            var character = random.Next(3) == 0 ? (char)random.Next(256) : Likely[random.Next(Likely.Length)];
            if (at < host.Length && random.Next(2) == 0)
                host[at] = character;
            else
                host.Insert(at, character);
        }

        return host.ToString();
    }

    private static string Escape(string text) =>
        string.Concat(text.Select(c => c is > ' ' and <= '~' ? $"{c}" : $"\\x{(int)c:x2}"));
}
