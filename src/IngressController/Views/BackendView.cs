using IngressController.Routing.Table;

namespace IngressController.Views;

internal sealed record BackendView(string Service, string Port, BackendProtocol Protocol, string[] Endpoints, string[] Problems)
{
    public static BackendView Of(Backend backend) => new(
        backend.Id.Service.ToString(), backend.Id.Port, backend.Protocol,
        [.. backend.Endpoints.Select(endpoint => endpoint.ToString())], [.. backend.Problems.Select(problem => problem.Message)]);
}
