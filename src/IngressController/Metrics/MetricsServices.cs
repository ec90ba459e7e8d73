using System.Diagnostics.CodeAnalysis;

namespace IngressController.Metrics;

internal static class MetricsServices
{
    extension(IServiceCollection services)
    {
        /// <summary>Adds the metrics of one area. The metrics page has the areas in the order in which they are added.</summary>
        public void AddMetrics<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] T>()
            where T : class, IMetricsSource
        {
            services.AddSingleton<T>();
            services.AddSingleton<IMetricsSource>(provider => provider.GetRequiredService<T>());
        }
    }
}
