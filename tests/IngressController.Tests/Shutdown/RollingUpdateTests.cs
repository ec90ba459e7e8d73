using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using IngressController.Tests.Fakes;
using Xunit.Abstractions;

namespace IngressController.Tests.Shutdown;

/// <summary>One process replaces another under load.</summary>
[Collection("alone")]
public sealed partial class RollingUpdateTests(ITestOutputHelper output) : IDisposable
{
    private const string Host = "app.example";

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task No_request_is_lost_on_kept_new_or_HTTP_2_connections()
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("ok"));
        _folder.Write("m.yaml", Manifests.Service("app", [backend.Port]) + Manifests.Ingress("app", Host, "app", annotations: "ssl-redirect: \"false\""));
        await using var relay = new ReplicaRelay();
        using var first = Start();
        var firstReplica = await ReplicaAsync(first);
        await relay.AddAsync(firstReplica);
        await using var kept = RestartLoad.KeepAlive(relay.HttpPort, clients: 8, Host);
        await using var fresh = RestartLoad.NewConnections(relay.HttpPort, clients: 4, Host);
        await using var http2 = RestartLoad.Http2(relay.HttpsPort, clients: 8, Host);

        using var second = Start();
        await relay.AddAsync(await ReplicaAsync(second));
        first.Signal(PosixSignal.SIGTERM);
        await relay.UntilGoneAsync(firstReplica);
        Assert.Equal(0, await first.WaitForExitAsync());
        await Task.WhenAll(kept.StopAsync(), fresh.StopAsync(), http2.StopAsync());

        foreach (var load in (RestartLoad[])[kept, fresh, http2])
            output.WriteLine(string.Join(", ", load.Answers.Select(answer => $"{answer.Value} times {answer.Key}")));
        Assert.All([kept, fresh, http2], load => Assert.Equal(["200 ok"], load.Answers.Keys));
        Assert.All([kept, fresh, http2], load => Assert.True(load.Answers["200 ok"] > 100, "there was too little load"));
        Assert.DoesNotContain("warn:", first.Out, StringComparison.Ordinal);
        Assert.Contains("shutting down: not ready, serving for another 2 s", first.Out, StringComparison.Ordinal);
    }

    private ControllerProcess Start() => ControllerProcess.Start(_folder,
        ["--manifests", _folder, "--bind-address", "127.0.0.1", "--http-port", "0", "--https-port", "0", "--admin-port", "0", "--shutdown-delay", "2"]);

    private static async Task<Replica> ReplicaAsync(ControllerProcess process)
    {
        await process.WaitForAsync("listening on 127.0.0.1: ");
        var ports = Ports().Match(process.Out).Groups;
        return new Replica(int.Parse(ports[1].Value), int.Parse(ports[2].Value), int.Parse(ports[3].Value));
    }

    [GeneratedRegex(@"HTTP on port (\d+), HTTPS on (\d+), admin on (\d+)")]
    private static partial Regex Ports();
}
