using System.Diagnostics;
using System.Net.Sockets;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Edge.Attacks;

/// <summary>nginx or HAProxy with the same ports, protocols and backend, and otherwise their defaults.</summary>
internal sealed class ReferenceServer : AttackedServer
{
    private readonly TempFolder _folder = new();
    private readonly Process _process;

    private ReferenceServer(string name, string program, Func<string, string[]> arguments, Func<ReferenceServer, string, string> configuration)
    {
        Name = name;
        (HttpPort, HttpsPort) = (FreePort.Take(), FreePort.Take());
        var (certificate, key) = SelfSigned.Pem(Host);
        _folder.Write("tls.crt", certificate);
        _folder.Write("tls.key", key);
        _folder.Write("tls.pem", $"{certificate}\n{key}");
        _folder.Write("server.conf", configuration(this, _folder));
        _process = Process.Start(new ProcessStartInfo(program, arguments(_folder.Path)) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        // Read, or the server would stall on a full pipe.
        _process.OutputDataReceived += (_, _) => { };
        _process.ErrorDataReceived += (_, _) => { };
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public override string Name { get; }

    protected override int ProcessId => _process.Id;

    /// <summary>The programs that are installed, by name.</summary>
    public static IEnumerable<string> Installed => new[] { "nginx", "haproxy" }.Where(name => File.Exists($"/usr/sbin/{name}"));

    public static async Task<AttackedServer> StartAsync(string name, int backendPort)
    {
        var server = name == "nginx"
            ? new ReferenceServer(name, "/usr/sbin/nginx", folder => ["-p", folder, "-c", "server.conf", "-e", "stderr"], (server, folder) => server.Nginx(folder, backendPort))
            : new ReferenceServer(name, "/usr/sbin/haproxy", folder => ["-db", "-f", $"{folder}/server.conf"], (server, folder) => server.HAProxy(folder, backendPort));
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!await IsListeningAsync(server.HttpsPort))
            await Task.Delay(20, deadline.Token);
        return server;
    }

    public override async ValueTask DisposeAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
        _folder.Dispose();
    }

    private static async Task<bool> IsListeningAsync(int port)
    {
        try
        {
            await using var connection = await WireConnection.ConnectAsync(port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private string Nginx(string folder, int backendPort) => $$"""
        daemon off;
        user root;
        worker_processes 2;
        pid {{folder}}/nginx.pid;
        error_log stderr;
        events { worker_connections 8192; }
        http {
          access_log off;
          client_body_temp_path {{folder}}/body;
          proxy_temp_path {{folder}}/proxy;
          fastcgi_temp_path {{folder}}/fastcgi;
          uwsgi_temp_path {{folder}}/uwsgi;
          scgi_temp_path {{folder}}/scgi;
          upstream edge { server 127.0.0.1:{{backendPort}}; keepalive 32; }
          server {
            listen 127.0.0.1:{{HttpPort}};
            listen 127.0.0.1:{{HttpsPort}} ssl http2;
            ssl_certificate {{folder}}/tls.crt;
            ssl_certificate_key {{folder}}/tls.key;
            location / { proxy_pass http://edge; proxy_http_version 1.1; proxy_set_header Connection ""; }
          }
        }
        """;

    /// <summary>The time limits are those of the configuration that Debian installs.</summary>
    private string HAProxy(string folder, int backendPort) => $"""
        global
          maxconn 8192
          nbthread 2
        defaults
          mode http
          timeout connect 5s
          timeout client 50s
          timeout server 50s
        frontend edge
          bind 127.0.0.1:{HttpPort}
          bind 127.0.0.1:{HttpsPort} ssl crt {folder}/tls.pem alpn h2,http/1.1
          default_backend edge
        backend edge
          server edge 127.0.0.1:{backendPort}

        """;
}
