using System.Globalization;
using System.Text.RegularExpressions;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Edge.Attacks;

/// <summary>The built program, with the heap that .NET allows itself in a container of 512 MiB.</summary>
internal sealed partial class ControllerServer : AttackedServer
{
    private const string HeapLimit = "0x18000000";

    private readonly TempFolder _folder = new();
    private readonly ControllerProcess _process;

    private ControllerServer(int backendPort)
    {
        _folder.Write("m.yaml", Manifests.Service("edge", [backendPort]) + Manifests.Ingress("edge", Host, "edge"));
        _process = ControllerProcess.Start(
            _folder, ["--manifests", _folder, "--bind-address", "127.0.0.1", "--http-port", "0", "--https-port", "0", "--admin-port", "0", "--shutdown-delay", "0"],
            ("DOTNET_GCHeapHardLimit", HeapLimit));
    }

    public override string Name => "controller";

    public override string Log
    {
        get
        {
            var (log, error) = (_process.Out, _process.Error);
            return $"{log[Math.Max(0, log.Length - 2000)..]}\n{error[..Math.Min(error.Length, 2000)]}";
        }
    }

    protected override int ProcessId => _process.Id;

    public static async Task<AttackedServer> StartAsync(int backendPort)
    {
        var server = new ControllerServer(backendPort);
        await server._process.WaitForAsync("ready: 1 Ingresses");
        await server._process.WaitForAsync("listening on 127.0.0.1: ");
        var ports = Ports().Match(server._process.Out);
        (server.HttpPort, server.HttpsPort) = (int.Parse(ports.Groups[1].Value, CultureInfo.InvariantCulture), int.Parse(ports.Groups[2].Value, CultureInfo.InvariantCulture));
        return server;
    }

    public override ValueTask DisposeAsync()
    {
        _process.Dispose();
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    [GeneratedRegex(@"HTTP on port (\d+), HTTPS on (\d+)")]
    private static partial Regex Ports();
}
