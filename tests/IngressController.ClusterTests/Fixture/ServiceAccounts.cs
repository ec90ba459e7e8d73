namespace IngressController.ClusterTests.Fixture;

/// <summary>Who the API server of the tests knows: token authentication reads its file at start, so all are known beforehand.</summary>
internal static class ServiceAccounts
{
    /// <summary>A user who may do everything.</summary>
    public const string AdminToken = "admin-token";

    /// <summary>Those that renderings of the chart make.</summary>
    public static IReadOnlyList<string> OfCharts { get; } = ["yarp-ingress:yarp-ingress", "yarp-ingress:yarp-teams"];

    /// <summary>The lines of the token file. Nothing is granted yet: each test grants what it needs.</summary>
    public static IEnumerable<string> TokenLines =>
    [
        $"{AdminToken},admin,admin,\"system:masters\"",
        .. OfTests.Concat(OfCharts).Select(name => $"{TokenOf(name)},{UserOf(name)},{name}"),
    ];

    private static IReadOnlyList<string> OfTests { get; } = ["controller", "restricted", "child", "child1", "child2", "child3"];

    /// <summary>The token of a service account.</summary>
    /// <param name="serviceAccount">NAME in the namespace ingress, or NAMESPACE:NAME.</param>
    public static string TokenOf(string serviceAccount) => $"{serviceAccount.Replace(':', '.')}-token";

    /// <summary>How RBAC names a service account.</summary>
    public static string UserOf(string serviceAccount) => $"system:serviceaccount:{(serviceAccount.Contains(':') ? serviceAccount : $"ingress:{serviceAccount}")}";
}
