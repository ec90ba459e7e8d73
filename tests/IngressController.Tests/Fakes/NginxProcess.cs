using System.Diagnostics;

namespace IngressController.Tests.Fakes;

/// <summary>
/// A real nginx (Debian's nginx-light) on a free port of 127.0.0.1, with files of its own: what it answers is what its directives mean.
/// </summary>
internal sealed class NginxProcess : IAsyncDisposable
{
    private const string Program = "/usr/sbin/nginx";

    private readonly Process _process;
    private readonly string _folder;

    private NginxProcess(Process process, string folder, int port)
    {
        _process = process;
        _folder = folder;
        Port = port;
    }

    public int Port { get; }

    /// <summary>Starts nginx with one server that listens on <see cref="Port"/>.</summary>
    /// <param name="server">What stands in the server block besides listen.</param>
    /// <param name="speaks">http2 for HTTP/2 without TLS; HTTP/1.1 when empty.</param>
    public static async Task<NginxProcess> StartAsync(string server, string speaks = "")
    {
        Assert.True(File.Exists(Program), $"{Program} is missing: install nginx-light");
        var folder = Directory.CreateTempSubdirectory("nginx-test-").FullName;
        while (true)
        {
            var port = FreePort.Take();
            await File.WriteAllTextAsync(Path.Combine(folder, "nginx.conf"), Configuration(folder, port, server, speaks));
            var process = Process.Start(new ProcessStartInfo(Program, ["-p", folder, "-c", "nginx.conf", "-e", "stderr"]) { RedirectStandardError = true })!;
            var log = new List<string>();
            if (await IsListeningAsync(process, log).WaitAsync(TimeSpan.FromSeconds(15)))
                return new NginxProcess(process, folder, port);
            process.Dispose();
            // Somebody else took the port meanwhile.
            Assert.Contains(log, line => line.Contains("Address already in use", StringComparison.Ordinal));
        }
    }

    public Task<WireMessage> ExchangeAsync(string request) => WireConnection.ExchangeAsync(Port, request);

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>nginx names its event method once its sockets listen; when it cannot start, its log ends.</summary>
    private static async Task<bool> IsListeningAsync(Process process, List<string> log)
    {
        while (await process.StandardError.ReadLineAsync() is { } line)
        {
            log.Add(line);
            if (!line.Contains("event method", StringComparison.Ordinal))
                continue;
            // The rest is read too, or nginx would stall on a full pipe.
            _ = process.StandardError.ReadToEndAsync();
            return true;
        }

        return false;
    }

    private static string Configuration(string folder, int port, string server, string speaks) => $$"""
        daemon off;
        master_process off;
        pid {{folder}}/nginx.pid;
        error_log stderr notice;
        events { worker_connections 256; }
        http {
          access_log off;
          absolute_redirect off;
          client_body_temp_path {{folder}}/body;
          proxy_temp_path {{folder}}/proxy;
          fastcgi_temp_path {{folder}}/fastcgi;
          uwsgi_temp_path {{folder}}/uwsgi;
          scgi_temp_path {{folder}}/scgi;
          server {
            listen 127.0.0.1:{{port}} {{speaks}};
            {{server}}
          }
        }
        """;
}
