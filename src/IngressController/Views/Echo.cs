namespace IngressController.Views;

/// <summary>The request that an echo backend received.</summary>
internal sealed record Echo(
    string Service, string Pod, string Method, string Path, string Host, string Protocol, long BodyBytes, Dictionary<string, string> Headers);
