using System.Net;
using System.Net.Sockets;
using IngressController.Configuration;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Features;

/// <summary>A proxy that permits local authentication services, and Ingresses with annotations.</summary>
public class AccessFixture : ProxyFixture
{
    private readonly HashSet<string> _added = [];
    private int _hosts;

    public override IngressOptions Configure(IngressOptions options)
    {
        options = base.Configure(options);
        return options with
        {
            Upstream = options.Upstream with { AllowExternalNameLoopback = true },
            Translation = options.Translation with { AllowExternalNameLoopback = true },
        };
    }

    /// <summary>Serves a backend at a new host with annotations of ingress-nginx, and returns the host.</summary>
    internal async Task<string> ServeAsync(WireBackend backend, params (string Name, string Value)[] annotations)
    {
        var host = $"a{++_hosts}.example";
        await ServeAtAsync(host, "/", backend.Port, annotations);
        return host;
    }

    internal Task ServeAtAsync(string host, string path, int port, params (string Name, string Value)[] annotations) =>
        ServeAtAsync(host, path, port, null, annotations);

    internal Task ServeAtAsync(string host, string path, int port, string? appProtocol, params (string Name, string Value)[] annotations)
    {
        var name = $"{host.Split('.')[0].Replace("*", "star", StringComparison.Ordinal)}-i{++_hosts}";
        return AddAsync(Manifests.Service(name, [port], appProtocol) + Ingress(name, host, path, annotations));
    }

    /// <summary>Adds a Secret unless it exists.</summary>
    internal Task AddSecretAsync(string name, string key, string value) => !_added.Add(name) ? Task.CompletedTask : AddAsync($$"""
        ---
        apiVersion: v1
        kind: Secret
        metadata: {name: {{name}} }
        type: Opaque
        stringData: {"{{key}}": "{{value}}"}

        """);

    /// <summary>Sends a GET from another address of this machine.</summary>
    internal async Task<WireMessage> GetFromAsync(string address, string host, string fields = "")
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Bind(new IPEndPoint(IPAddress.Parse(address), 0));
        await socket.ConnectAsync(IPAddress.Loopback, Controller.HttpPort);
        await using var connection = new WireConnection(new NetworkStream(socket, ownsSocket: true), socket);
        await connection.SendAsync($"GET / HTTP/1.1\r\nHost: {host}\r\n{fields}\r\n");
        return await connection.ReadResponseAsync();
    }

    private static string Ingress(string name, string host, string path, (string Name, string Value)[] annotations) => $$"""
        ---
        apiVersion: networking.k8s.io/v1
        kind: Ingress
        metadata:
          name: {{name}}
          annotations: { {{string.Join(", ", annotations.Select(a => $"\"nginx.ingress.kubernetes.io/{a.Name}\": '{a.Value}'"))}} }
        spec:
          ingressClassName: yarp
          rules:
          - host: "{{host}}"
            http: {paths: [{path: "{{path}}", pathType: Prefix, backend: {service: {name: {{name}}, port: {number: 80} } } }]}

        """;
}
