using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using IngressController.Kubernetes.Configuration;
using k8s.Exceptions;

namespace IngressController.Kubernetes.Transport;

/// <summary>The credential that a plug-in returned.</summary>
internal sealed record ExecCredential(string? Token, string? CertificatePem, string? KeyPem, DateTimeOffset? Expires);

/// <summary>Runs an exec credential plug-in (KEP-541) without a terminal. At its deadline it is killed with its children.</summary>
internal sealed class ExecCredentialProgram(ApiServerConfiguration configuration, ExecPlugin plugin, TimeProvider time)
{
    private const int MaxOutput = 1 << 20;

    /// <exception cref="KubeConfigException">The program is missing, failed, timed out, or its output is not a credential.</exception>
    public async Task<ExecCredential> RunAsync(CancellationToken cancellation)
    {
        using var deadline = new CancellationTokenSource(configuration.Timeouts.ExecPlugin, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellation, deadline.Token);
        using var process = Start();
        try
        {
            process.StandardInput.Close();
            var output = ReadBoundedAsync(process.StandardOutput, linked.Token);
            var errors = ReadBoundedAsync(process.StandardError, linked.Token);
            await process.WaitForExitAsync(linked.Token).ConfigureAwait(false);
            if (process.ExitCode != 0)
                throw Failure($"exited with code {process.ExitCode}: {Excerpt(await errors.ConfigureAwait(false))}");
            return Parse(await output.ConfigureAwait(false));
        }
        catch (OperationCanceledException error)
        {
            process.Kill(entireProcessTree: true);
            cancellation.ThrowIfCancellationRequested();
            throw Failure($"did not answer within {configuration.Timeouts.ExecPlugin.TotalSeconds:0.#} s", error);
        }
    }

    private Process Start()
    {
        var start = new ProcessStartInfo(plugin.Command)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (var argument in plugin.Arguments)
            start.ArgumentList.Add(argument);
        foreach (var (name, value) in plugin.Environment)
            start.Environment[name] = value;
        start.Environment["KUBERNETES_EXEC_INFO"] = ExecInfo().ToJsonString();

        try
        {
            return Process.Start(start)!;
        }
        catch (Exception error) when (error is Win32Exception or InvalidOperationException)
        {
            throw Failure($"cannot be started: {error.Message}{(plugin.InstallHint is { } hint ? $"; {hint.Trim()}" : "")}", error);
        }
    }

    private JsonObject ExecInfo()
    {
        var spec = new JsonObject { ["interactive"] = false };
        if (plugin.ProvideClusterInfo)
        {
            spec["cluster"] = new JsonObject
            {
                ["server"] = configuration.Host.AbsoluteUri.TrimEnd('/'),
                ["tls-server-name"] = configuration.TlsServerName,
                ["insecure-skip-tls-verify"] = configuration.SkipTlsVerify,
                ["certificate-authority-data"] = configuration.CertificateAuthority is { } pem ? Convert.ToBase64String(pem.Read()) : null,
                ["proxy-url"] = configuration.ProxyUrl?.OriginalString,
                ["disable-compression"] = configuration.DisableCompression,
                ["config"] = plugin.ClusterConfig?.DeepClone(),
            };
        }

        return new JsonObject { ["apiVersion"] = plugin.ApiVersion, ["kind"] = "ExecCredential", ["spec"] = spec };
    }

    private ExecCredential Parse(string output)
    {
        Response? response;
        try
        {
            response = JsonSerializer.Deserialize(output, ExecJsonContext.Default.Response);
        }
        catch (JsonException error)
        {
            // The output may contain a token, so the message has only the position of the error.
            throw Failure($"printed no ExecCredential (line {error.LineNumber}, byte {error.BytePositionInLine})");
        }

        if (response is null || response.Kind != "ExecCredential" || response.ApiVersion != plugin.ApiVersion)
            throw Failure($"printed {response?.ApiVersion} {response?.Kind} instead of {plugin.ApiVersion} ExecCredential");
        var status = response.Status;
        if (string.IsNullOrEmpty(status?.ClientCertificateData) != string.IsNullOrEmpty(status?.ClientKeyData))
            throw Failure("printed a client certificate without its key, or a key alone");
        if (status is null || (string.IsNullOrEmpty(status.Token) && string.IsNullOrEmpty(status.ClientKeyData)))
            throw Failure("printed neither a token nor a client certificate");
        return new(status.Token, status.ClientCertificateData, status.ClientKeyData, status.ExpirationTimestamp);
    }

    private static async Task<string> ReadBoundedAsync(StreamReader reader, CancellationToken cancellation)
    {
        var buffer = new char[4096];
        var text = new System.Text.StringBuilder();
        int count;
        // Reads to the end even beyond the limit: a program with a full pipe never exits.
        while ((count = await reader.ReadAsync(buffer, cancellation).ConfigureAwait(false)) > 0)
        {
            if (text.Length < MaxOutput)
                text.Append(buffer, 0, count);
        }

        return text.ToString();
    }

    private static string Excerpt(string text)
    {
        var trimmed = text.Trim().ReplaceLineEndings(" ");
        return trimmed.Length <= 300 ? trimmed : trimmed[..300] + "...";
    }

    private KubeConfigException Failure(string problem, Exception? inner = null) => new($"exec plug-in '{plugin.Command}' {problem}", inner);

    internal sealed record Response(string? ApiVersion, string? Kind, ResponseStatus? Status);

    internal sealed record ResponseStatus(
        string? Token, string? ClientCertificateData, string? ClientKeyData, DateTimeOffset? ExpirationTimestamp);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(ExecCredentialProgram.Response))]
internal sealed partial class ExecJsonContext : JsonSerializerContext;
