using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Listeners;

/// <summary>allow-bare-line-feed. In a process of its own: the switch of Kestrel applies to all its servers.</summary>
public sealed class BareLineFeedTests
{
    [Fact]
    public async Task Old_clients_are_served_with_the_option()
    {
        using var folder = new TempFolder();
        await using var backend = WireBackend.Answer(WireBackend.Ok("ok"));
        folder.Write("app.yaml", Manifests.Service("app", [backend.Port]) + Manifests.Ingress("app", "app.example", "app"));
        using var process = ControllerProcess.Start(
            folder, ["--manifests", folder, "--bind-address", "127.0.0.1", "--http-port", "0", "--https-port", "0", "--admin-port", "0", "--shutdown-delay", "0", "--allow-bare-line-feed"]);
        await process.WaitForAsync("listening on");
        var port = int.Parse(Regex.Match(process.Out, @"HTTP on port (\d+)").Groups[1].Value, CultureInfo.InvariantCulture);

        var response = await WireConnection.ExchangeAsync(port, "POST / HTTP/1.1\nHost: app.example\nContent-Length: 5\n\nhello");

        Assert.Equal((200, "ok"), (response.Status, response.Body));
        Assert.Equal("hello", Assert.Single(backend.Requests).Body);
        process.Signal(PosixSignal.SIGTERM);
        Assert.Equal(0, await process.WaitForExitAsync());
    }
}
