using System.Net;
using System.Net.Sockets;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Cli;

/// <summary>The built program writes one line with the remedy and no stack trace when it cannot start.</summary>
public sealed class StartFailureTests : IDisposable
{
    private static readonly string[] FreePorts = ["--bind-address", "127.0.0.1", "--http-port", "0", "--https-port", "0", "--admin-port", "0"];

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("--http-port")]
    [InlineData("--https-port")]
    [InlineData("--admin-port")]
    public async Task Port_in_use_is_reported(string option)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        string[] args = [.. FreePorts];
        args[Array.IndexOf(args, option) + 1] = $"{port}";

        var line = await FailAsync(1, ["--manifests", _folder, .. args]);

        Assert.Contains($":{port}: address already in use; stop the process that listens there, or choose another port with --http-port", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Address_of_another_host_is_reported() =>
        Assert.Contains("cannot listen on 192.0.2.1", await FailAsync(1, ["--manifests", _folder, "--bind-address", "192.0.2.1", "--admin-port", "0"]), StringComparison.Ordinal);

    [Fact]
    public async Task Missing_cluster_configuration_is_one_line() =>
        Assert.Contains("no cluster is configured", await FailAsync(1, FreePorts), StringComparison.Ordinal);

    [Theory]
    [InlineData("clusters: [")]
    [InlineData("just text")]
    [InlineData("{apiVersion: v1, kind: Config}")]
    [InlineData("")]
    public async Task Invalid_kubeconfig_is_reported(string content)
    {
        var file = _folder.Write("kubeconfig", content);

        Assert.Contains(file, await FailAsync(1, ["--kubeconfig", file, .. FreePorts]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Missing_kubeconfig_is_reported() =>
        Assert.Contains("kubeconfig /nonexistent does not exist", await FailAsync(1, ["--kubeconfig", "/nonexistent", .. FreePorts]), StringComparison.Ordinal);

    [Fact]
    public async Task Invalid_appsettings_file_is_reported()
    {
        var file = _folder.Write("appsettings.json", """{"Ingress": {""");

        Assert.Contains(Path.GetFileName(file) + " cannot be read: ", await FailAsync(2, FreePorts), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Program_reads_the_environment_and_appsettings()
    {
        _folder.Write("appsettings.json", """{"Ingress": {"HttpPort": "bad-a"}}""");

        Assert.Contains("appsettings Ingress:HttpPort: \"bad-a\"", await FailAsync(2, []), StringComparison.Ordinal);
        Assert.Contains("INGRESS_HTTP_PORT: \"bad-b\"", await FailAsync(2, [], ("INGRESS_HTTP_PORT", "bad-b")), StringComparison.Ordinal);
        Assert.Contains("--http-port: \"bad-c\"", await FailAsync(2, ["--http-port", "bad-c"], ("INGRESS_HTTP_PORT", "bad-b")), StringComparison.Ordinal);
    }

    private async Task<string> FailAsync(int code, string[] args, params (string, string)[] environment)
    {
        using var process = ControllerProcess.Start(_folder, args, environment);

        Assert.Equal(code, await process.WaitForExitAsync());
        Assert.DoesNotContain("   at ", process.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("fail:", process.Out, StringComparison.Ordinal);
        return Assert.Single(process.Error.Split('\n'));
    }
}
