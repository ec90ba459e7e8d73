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

    private ControllerServer(int backendPort, MemoryCgroup? group)
    {
        _folder.Write("m.yaml", Manifests.Service("edge", [backendPort]) + Manifests.Ingress("edge", Host, "edge"));
        _process = ControllerProcess.Start(
            group, _folder, ["--manifests", _folder, "--bind-address", "127.0.0.1", "--http-port", "0", "--https-port", "0", "--admin-port", "0", "--shutdown-delay", "0"],
            group is null ? [("DOTNET_GCHeapHardLimit", HeapLimit)] : []);
    }

    public override string Name => "controller";

    public int AdminPort { get; private set; }

    public override string Log
    {
        get
        {
            var (log, error) = (_process.Out, _process.Error);
            return $"{log[Math.Max(0, log.Length - 2000)..]}\n{error[..Math.Min(error.Length, 2000)]}";
        }
    }

    protected override int ProcessId => _process.Id;

    /// <summary>Starts it, in a memory cgroup if there is one.</summary>
    public static async Task<ControllerServer> StartAsync(int backendPort, MemoryCgroup? group = null)
    {
        var server = new ControllerServer(backendPort, group);
        await server._process.WaitForAsync("ready: 1 Ingresses");
        await server._process.WaitForAsync("listening on 127.0.0.1: ");
        var ports = Ports().Match(server._process.Out);
        (server.HttpPort, server.HttpsPort) = (int.Parse(ports.Groups[1].Value, CultureInfo.InvariantCulture), int.Parse(ports.Groups[2].Value, CultureInfo.InvariantCulture));
        server.AdminPort = int.Parse(ports.Groups[3].Value, CultureInfo.InvariantCulture);
        return server;
    }

    public override ValueTask DisposeAsync()
    {
        _process.Dispose();
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    [GeneratedRegex(@"HTTP on port (\d+), HTTPS on (\d+), admin on (\d+)")]
    private static partial Regex Ports();
}
