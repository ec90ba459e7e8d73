using IngressController.Tests.Fakes;

namespace IngressController.Tests.Cli;

/// <summary><c>lint --fix</c> rewrites Ingresses of old versions, and nothing else.</summary>
public sealed class LintFixTests : IDisposable
{
    private const string Old = """
        # first
        apiVersion: v1
        kind: Service
        metadata: {name: web}
        spec: {ports: [{name: http, port: 80}]}
        --- # second
        apiVersion: "extensions/v1beta1" # old
        kind: Ingress
        metadata:
          name: shop
        spec:
          ingressClassName: yarp
          backend:
            serviceName: web # the shop
            servicePort: 80 # its port
          rules:
          - host: "shop.example" # quoted
            http:
              paths:
              - path: /a # first
                backend:
                  servicePort: http
                  serviceName: 'web'
              - backend: {serviceName: web, servicePort: "80"}
                path: /b
              - {path: /c, pathType: Exact, backend: {servicePort: 80, serviceName: web}}
              - backend:
                  serviceName: web

                  # the port
                  servicePort: 80
        ---
        {{ template }}
        ---
        apiVersion: v1
        kind: List
        items:
        - {"apiVersion": "networking.k8s.io/v1beta1", "kind": "Ingress", "metadata": {"name": "json"}, "spec": {"ingressClassName": "yarp", "rules": [{"host": "json.example", "http": {"paths": [{"backend": {"serviceName": "web", "servicePort": 80}}]}}]}}
        """;

    private const string New = """
        # first
        apiVersion: v1
        kind: Service
        metadata: {name: web}
        spec: {ports: [{name: http, port: 80}]}
        --- # second
        apiVersion: "networking.k8s.io/v1" # old
        kind: Ingress
        metadata:
          name: shop
        spec:
          ingressClassName: yarp
          defaultBackend:
            service:
              name: web # the shop
              port:
                number: 80 # its port
          rules:
          - host: "shop.example" # quoted
            http:
              paths:
              - path: /a # first
                pathType: ImplementationSpecific
                backend:
                  service:
                    name: 'web'
                    port:
                      name: http
              - backend: {service: {name: web, port: {number: 80}}}
                path: /b
                pathType: ImplementationSpecific
              - {path: /c, pathType: Exact, backend: {service: {name: web, port: {number: 80}}}}
              - pathType: ImplementationSpecific
                backend:
                  service:
                    name: web
                    port:
                      number: 80

                  # the port
        ---
        {{ template }}
        ---
        apiVersion: v1
        kind: List
        items:
        - {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "json"}, "spec": {"ingressClassName": "yarp", "rules": [{"host": "json.example", "http": {"paths": [{"pathType": "ImplementationSpecific", "backend": {"service": {"name": "web", "port": {"number": 80}}}}]}}]}}

        """;

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Old_Ingresses_are_rewritten_and_all_else_stays()
    {
        var file = _folder.Write("old.yaml", Old);

        var (_, text, error) = await CommandRun.InvokeAsync(["lint", "--fix", file]);

        Assert.Equal($"{file}: 2 Ingresses are rewritten as networking.k8s.io/v1\n", error);
        Assert.Equal(New.TrimEnd('\n'), (await File.ReadAllTextAsync(file)).TrimEnd('\n'));
        // The template is all that is left.
        Assert.Contains("2 Ingresses (2 claimed): 1 error, 0 warnings", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("apiVersion: extensions/v1beta1\nkind: Ingress\nmetadata: {name: a}\nspec: {backend: {serviceName: web}}\n")]
    [InlineData("apiVersion: extensions/v1beta1\nkind: Deployment\nmetadata: {name: a}\nspec: {backend: {serviceName: web, servicePort: 80}}\n")]
    [InlineData("apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: a}\nspec: {backend: {serviceName: web, servicePort: 80}}\n")]
    [InlineData("kind: [\n")]
    public async Task What_cannot_be_fixed_is_not_touched(string text)
    {
        var file = _folder.Write("old.yaml", text);
        var written = File.GetLastWriteTimeUtc(file);

        Assert.Equal("", (await CommandRun.InvokeAsync(["lint", "--fix", file])).Error);

        Assert.Equal((text, written), (await File.ReadAllTextAsync(file), File.GetLastWriteTimeUtc(file)));
    }

    [Fact]
    public async Task Line_breaks_and_byte_order_mark_stay()
    {
        const string Original = "\uFEFFapiVersion: extensions/v1beta1\r\nkind: Ingress\r\nmetadata: {name: a}\r\nspec:\r\n  backend:\r\n    serviceName: web\r\n    servicePort: 80\r\n";
        var file = _folder.At("old.yaml");
        await File.WriteAllBytesAsync(file, System.Text.Encoding.UTF8.GetBytes(Original));

        await CommandRun.InvokeAsync(["lint", "--fix", _folder]);

        Assert.Equal(
            "\uFEFFapiVersion: networking.k8s.io/v1\r\nkind: Ingress\r\nmetadata: {name: a}\r\nspec:\r\n  defaultBackend:\r\n    service:\r\n      name: web\r\n      port:\r\n        number: 80\r\n",
            System.Text.Encoding.UTF8.GetString(await File.ReadAllBytesAsync(file)));
    }

    [Fact]
    public async Task Standard_input_cannot_be_rewritten() =>
        Assert.Equal((2, ""), (await CommandRun.InvokeAsync(["lint", "--fix", "-"], "kind: Ingress")) is var (code, text, _) ? (code, text) : default);
}
