using System.Text.Json.Serialization;
using IngressController.Routing.Table;

namespace IngressController.Views;

internal sealed record BackendView(string Service, string Port, BackendProtocol Protocol, string[] Endpoints, string[] Problems)
{
    /// <summary>The TLS settings, without certificates; omitted for the default.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Tls { get; init; }

    public static BackendView Of(Backend backend) => new(
        backend.Id.Service.ToString(), backend.Id.Port, backend.Protocol,
        [.. backend.Endpoints.Select(endpoint => endpoint.ToString())], [.. backend.Problems.Select(problem => problem.Message)])
    {
        Tls = backend.Id.Tls?.ToString(),
    };
}
