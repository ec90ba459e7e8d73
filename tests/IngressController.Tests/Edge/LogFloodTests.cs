using IngressController.Tests.Fakes;
using IngressController.Tests.Kubernetes;

namespace IngressController.Tests.Edge;

/// <summary>
/// Whatever a client does, it causes at most one line for each kind of event in a second. The clock of the controller stands still, so all
/// attacks of a test come within one second.
/// </summary>
public sealed class LogFloodTests : IAsyncLifetime
{
    private const int Rounds = 30;

    /// <summary>More than any attack has, and much less than the rounds: the bad requests are answered with four statuses.</summary>
    private const int MaxKinds = 5;

    private readonly WireBackend _backend = LogFloodAttacks.Backend();
    private readonly ManualTimeProvider _clock = new();
    private LogFloodAttacks? _attacks;
    private TestController? _controller;

    public static TheoryData<string> Kinds => [.. LogFloodAttacks.All.Keys];

    public async Task InitializeAsync()
    {
        _controller = await TestController.StartAsync(
            Manifests.Service("s", [_backend.Port]) + Manifests.Ingress("i", LogFloodAttacks.Host, "s"), time: _clock);
        _attacks = new LogFloodAttacks(_controller);
    }

    public Task DisposeAsync() => _backend.DisposeAsync().AsTask();

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_client_cannot_flood_the_log(string kind)
    {
        var log = _controller!.Log;
        var before = log.All.Length;
        for (var round = 0; round < Rounds; round++)
            await LogFloodAttacks.All[kind](_attacks!, round);
        // Its end waits for all connections and logs the numbers.
        await _controller.DisposeAsync();

        var lines = log.All[before..].Where(line => !line.Contains("IngressController.Shutdown.", StringComparison.Ordinal)).ToLookup(IsNumber);
        Assert.True(lines[false].Count() <= MaxKinds, $"{lines[false].Count()} lines for {Rounds} attacks:\n{string.Join('\n', lines[false])}");
        Assert.True(lines[true].Count() <= MaxKinds, $"{lines[true].Count()} numbers for {Rounds} attacks:\n{string.Join('\n', lines[true])}");
        Assert.DoesNotContain(lines[false], line => line.StartsWith("Critical ", StringComparison.Ordinal));
    }

    /// <summary>It would hide the failures that an operator must see.</summary>
    [Theory]
    [InlineData("WebSocket reset")]
    [InlineData("body connection reset")]
    [InlineData("response connection reset")]
    [InlineData("body cut")]
    [InlineData("body reset")]
    [InlineData("response reset")]
    public async Task A_client_that_breaks_off_is_no_failure_of_an_endpoint(string kind)
    {
        for (var round = 0; round < Rounds; round++)
            await LogFloodAttacks.All[kind](_attacks!, round);
        await _controller!.DisposeAsync();

        Assert.Equal(0, _controller.Log.CountOf("endpoint"));
    }

    [Fact]
    public async Task Garbage_in_a_handshake_is_no_error_of_the_server()
    {
        for (var round = 0; round < Rounds; round++)
            await LogFloodAttacks.All["handshake garbage"](_attacks!, round);
        await _controller!.DisposeAsync();

        Assert.Equal(0, _controller.Log.CountOf("Unhandled exception"));
    }

    [Fact]
    public async Task The_number_of_rejected_requests_is_logged()
    {
        for (var round = 0; round < Rounds; round++)
            Assert.Equal(400, (await WireConnection.ExchangeAsync(_controller!.HttpPort, "GET / HTTP/1.1\r\n\r\n")).Status);
        _clock.Advance(TimeSpan.FromSeconds(2));

        await _controller!.Log.WaitForAsync($"{Rounds - 1} more failures of 1 kinds were not logged");
        await _controller.DisposeAsync();
    }

    private static bool IsNumber(string line) =>
        line.Contains(" more lines of the kind ", StringComparison.Ordinal) || line.Contains(" more failures of ", StringComparison.Ordinal);
}
